#include "services/settings/last_good.h"

#include <doctest/doctest.h>

#include "services/settings/settings.h"

namespace hikyaku::settings {
namespace {

TEST_CASE("the data folder is found in a file with mistakes") {
  const std::string data = "/srv/mail";
  for (const std::string text : {"[node]\ndata = \"/srv/mail\"\n[smtp]\nrecipients = \"many\"\n", "[node]\ndata = \"/srv/mail\"\n[smpt]\nx = 1\n",
                                 "[node]\ndata = \"/srv/mail\"\nthis is no TOML\n", "hostname mail\n[node]\nhostname = mail\ndata = \"/srv/mail\"\n",
                                 "[node]\ndata = \"/srv/mail\"\n[listen]\nsmtp = \"*:25\n"})
    CHECK_MESSAGE(readable_data_folder(text) == data, text);
  CHECK(readable_data_folder("[smtp]\nrecipients = 5x\n") == preset_settings()->node.data());
}

TEST_CASE("it is not guessed where the mistake is in the data folder itself") {
  for (const auto* text : {"[node]\ndata = 5\n", "[node]\ndata = [\"/srv\"]\n", "[node]\ndata = true\n"}) CHECK_MESSAGE(!readable_data_folder(text), text);
  std::string hopeless;
  for (int n = 0; n < 200; ++n) hopeless += "no TOML\n";
  CHECK(!readable_data_folder(hopeless));
}

}  // namespace
}  // namespace hikyaku::settings
