#include "apps/supervisor/settings_change.h"

#include <doctest/doctest.h>

namespace hikyaku::apps {
namespace {

std::shared_ptr<settings::Settings> parsed(std::string_view text) {
  auto read = settings::parse_settings(text, "h.toml");
  REQUIRE(read);
  return *read;
}

TEST_CASE("a changed setting is named with what must be restarted for it, an unchanged or live one is not") {
  const auto before = parsed("[spool]\nmemory = \"64MiB\"\n[smtp]\nrecipients = 110\n[listen]\nsmtp = [\"*:25\"]\n");
  CHECK(waiting_for_serve(*before, *before).empty());
  CHECK(waiting_for_service("receive", *before, *before).empty());

  const auto after = parsed("[spool]\nmemory = \"65MiB\"\n[smtp]\nrecipients = 120\n[listen]\nsmtp = [\"*:26\"]\n");
  CHECK(waiting_for_serve(*before, *after) == std::vector<WaitingSetting>{{"[listen] smtp", "serve"}});
  for (const auto* reader : {"receive", "deliver"})
    CHECK(waiting_for_service(reader, *before, *after) == std::vector<WaitingSetting>{{"[spool] memory", reader}});
  for (const auto* other : {"imap", "pop3", "auth", "watch"}) CHECK_MESSAGE(waiting_for_service(other, *before, *after).empty(), other);
}

TEST_CASE("what every service reads at its start waits for every service") {
  const auto before = parsed(""), after = parsed("[log]\nqueue_size = \"1MiB\"\n");
  for (const auto* service : {"receive", "deliver", "imap", "pop3", "auth", "watch"})
    CHECK(waiting_for_service(service, *before, *after) == std::vector<WaitingSetting>{{"[log] queue_size", service}});
}

}  // namespace
}  // namespace hikyaku::apps
