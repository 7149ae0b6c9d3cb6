// Every kind of mistake a settings file can have is told in Japanese: the mistakes are made, not listed.
#include <doctest/doctest.h>

#include <array>

#include "apps/cli/config/country_check.h"
#include "apps/cli/language/server_sentences.h"
#include "services/delivery/schedule/retry_settings.h"
#include "services/settings/settings.h"

using namespace hikyaku;
using namespace hikyaku::cli;

namespace {

// Three English words in a row, names and examples in quotes apart.
bool speaks_english(std::string_view text) {
  int words = 0, letters = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"' || c == '`') quoted = !quoted;
    const bool letter = !quoted && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    if (letter) {
      ++letters;
      continue;
    }
    words = letters >= 2 && c == ' ' ? words + 1 : 0;
    letters = 0;
    if (words == 3) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the mistakes of a settings file are told in Japanese") {
  CHECK(speaks_english("x: [smtp] has no setting of that name"));
  CHECK_FALSE(speaks_english("x: 「smtp」という設定はない"));
  for (const char* wrong : {"profile = \"nothing\"", "profile = 7", "[smpt]\nx = 1", "[nowhere_at_all]\nx = 1", "smtp = 3", "[smtp]\nmesage_size = 1", "[smtp]\nqqqqqqqqqqqq = 1",
                            "[smtp]\nmessage_size = \"much\"", "[smtp]\nrelay_networks = \"x\"", "[smtp]\nrelay_networks = [\"x\"]", "[smtp]\npriority_policy = \"a b\"",
                            "[scanning]\nclamd = \"x\"", "[refusals]\nescrow = [\"x\"]", "[abuse]\nunwatched = [\"x\"]", "[abuse]\nhijacked = \"maybe\"", "[abuse]\ncountry_database = \"x\"", "[listen]\nsmtp = [\"25\"]", "[tls]\nkey = \"/x\"", "[node]\ndata = \"x\"", "[node]\ndata = 7", "[serve]\nconfine = 3", "[serve]\nrestart_wait = 3",
                            "[delivery]\nretry_interval = \"5h\"\nretry_interval_max = \"1h\"", "[delivery]\nfresh_share = 80\nretry_share = 80",
                            "[delivery]\nconnections = \"many\"", "[smtp]\nmessage_size = \"900TiB\""}) {
    const auto read = settings::parse_settings(wrong, "/etc/hikyaku.toml");
    REQUIRE_MESSAGE(!read, std::string(wrong));
    for (const auto& error : read.error()) {
      CAPTURE(error.text());
      CHECK(in_japanese(error.text()) != error.text());
      CHECK_FALSE(speaks_english(in_japanese(error.text())));
    }
  }
}

TEST_CASE("what is wrong with the database of countries too") {
  auto settings = settings::preset_settings();
  CHECK_FALSE(check_countries(*settings));
  for (const auto* file : {"/nowhere/GeoLite2-Country.mmdb", "/etc", "/etc/passwd"}) {
    settings->abuse.country_database.set(file);
    const auto mistake = check_countries(*settings);
    REQUIRE_MESSAGE(mistake, file);
    CHECK(mistake->text().starts_with("[abuse] country_database: " + std::string(file)));
    CHECK(mistake->text().find(". Remedy: ") != std::string::npos);
    CHECK_MESSAGE(in_japanese(mistake->text()).find("対処: ") != std::string::npos, in_japanese(mistake->text()));
  }
}

TEST_CASE("the mistakes of the tables of retries and limits too") {
  auto settings = settings::preset_settings();
  settings->delivery.retry_rules.set({"", "a.example", "a.example never period=1h", "a.example refused wait=1h", std::string(1'001, 'x')});
  settings->delivery.connection_limits.set({"a.example", "a.example many", std::string(1'001, 'x')});
  settings->delivery.source_limits.set({"192.0.2.7", "x 3"});
  const auto advice = delivery::check_retry_settings(settings->delivery, true);
  REQUIRE(advice.mistakes.size() >= 9);
  for (const auto& mistake : advice.mistakes) {
    const auto told = in_japanese("/etc/hikyaku.toml: " + mistake);
    CAPTURE(told);
    CHECK(told.find("。") != std::string::npos);
    CHECK_FALSE(speaks_english(told));
  }
}
