// The settings file: what is taken, and how each mistake is explained.
#include <doctest/doctest.h>

#include "services/settings/listen_address.h"
#include "services/settings/nearest.h"
#include "services/settings/profiles.h"
#include "services/settings/settings.h"

namespace hikyaku::settings {
namespace {

std::string problems(std::string_view toml) {
  const auto result = parse_settings(toml, "h.toml");
  if (result) return "";
  std::string all;
  for (const auto& error : result.error()) all += (all.empty() ? "" : " | ") + error.text();
  return all;
}

TEST_CASE("good settings are taken") {
  const auto taken = parse_settings(
      "[delivery]\nretry_interval = \"5m\"\nretry_growth = \"constant\"\n[smtp]\nmessage_size = \"10MiB\"\nrecipients = 200\n"
      "relay_networks = [\"192.0.2.0/24\"]\n[listen]\nimap = []\n[auth]\nslow_failures = false\n", "h.toml");
  REQUIRE(taken);
  const Settings& settings = **taken;
  CHECK(settings.delivery.retry_interval() == 300s);
  CHECK(settings.delivery.retry_growth() == "constant");
  CHECK(settings.smtp.message_size() == MiB(10));
  CHECK(settings.smtp.recipients() == 200);
  CHECK(settings.smtp.relay_networks() == Texts{"192.0.2.0/24"});
  CHECK(settings.listen.imap().empty());
  CHECK_FALSE(settings.auth.slow_failures());
  CHECK(settings.delivery.refused_attempts() == 1);
  CHECK(settings.delivery.transient_period() == 120h);
}

TEST_CASE("profile epost brings E-Post's limits, and the file still wins") {
  const auto taken = parse_settings("profile = \"epost\"\n[delivery]\nunanswered_period = \"48h\"\n", "h.toml");
  REQUIRE(taken);
  CHECK((*taken)->delivery.refused_attempts() == 9);
  CHECK((*taken)->delivery.transient_period() == 8h);
  CHECK((*taken)->delivery.unanswered_period() == 48h);
}

TEST_CASE("every value of every profile is a possible one") {
  for (const auto& profile : all_profiles()) {
    for (const auto& value : profile.values) {
      const auto settings = preset_settings();
      bool found = false;
      for (auto* section : settings->sections())
        for (auto* setting : section->settings())
          if (section->name() == value.section && setting->name() == value.setting) found = setting->assign(value.value).has_value();
      CHECK_MESSAGE(found, value.setting);
    }
  }
}

TEST_CASE("mistakes name the line, the setting and the remedy") {
  struct Row { std::string_view toml, want; };
  for (const auto& row : {
           Row{"[smtp]\n\nrecipient = 5\n", "h.toml:3: [smtp] has no setting \"recipient\". Remedy: did you mean \"recipients\"?"},
           Row{"[stmp]\nrecipients = 5\n", "h.toml:1: there is no section [stmp]. Remedy: did you mean \"smtp\"?"},
           Row{"[smtp]\nrecipients = 5\n", "h.toml:2: [smtp] recipients: this value is not possible. Remedy: write a value from 100 to 100000."},
           Row{"[smtp]\nrecipients = \"many\"\n", "h.toml:2: [smtp] recipients: this value is not possible. Remedy: write a whole number."},
           Row{"[smtp]\nrecipients = [1]\n", "h.toml:2: [smtp] recipients: this value is not possible. Remedy: write a whole number."},
           Row{"[smtp]\nmessage_size = \"10MB\"\n", "h.toml:2: [smtp] message_size: this value is not possible. Remedy: write a size like 65536, \"64KiB\", \"25MiB\" or \"2GiB\"."},
           Row{"[delivery]\nretry_interval = 120\n", "h.toml:2: [delivery] retry_interval: this value is not possible. Remedy: write a duration like \"90s\", \"15m\", \"8h\" or \"5d\"."},
           Row{"[delivery]\nretry_growth = \"slow\"\n", "h.toml:2: [delivery] retry_growth: this value is not possible. Remedy: write one of \"growing\", \"constant\"."},
           Row{"profile = \"e-post\"\n", "h.toml:1: there is no such profile. Remedy: did you mean \"epost\"?"},
           Row{"profile = 1\n", "h.toml:1: there is no such profile. Remedy: `hikyaku config describe` lists the profiles."},
           Row{"smtp = 1\n", "h.toml:1: \"smtp\" is a section. Remedy: write [smtp] on a line of its own."},
           Row{"[listen]\nsmtp = [\"25\"]\n", "h.toml: [listen] smtp: \"25\" is not an address with a port. Remedy: write \"192.0.2.1:25\", \"[2001:db8::1]:25\" or \"*:25\"."},
           Row{"[policy]\nrates = [\"account 0/1h\"]\n", "h.toml: [policy] rates: \"account 0/1h\" is no rate. Remedy: write \"account 300/1h\" or \"client 60/1m burst 200\"."},
           Row{"[refusals]\ndigest_times = [\"8:00\"]\n", "h.toml: [refusals] digest_times: \"8:00\" is no time of the day. Remedy: write \"08:00\"."},
           Row{"[refusals]\ndigest_times = [\"24:00\"]\n", "h.toml: [refusals] digest_times: \"24:00\" is no time of the day. Remedy: write \"08:00\"."},
           Row{"[refusals]\nadministrators = [\"root\"]\n", "h.toml: [refusals] administrators: \"root\" is no address. Remedy: write \"admin@example.jp\" or \"postmaster\"."},
           Row{"[refusals]\nlink_url = \"mail.example.jp\"\n", "h.toml: [refusals] link_url: \"mail.example.jp\" is no http or https URL. Remedy: write \"https://mail.example.jp/refusals\"."},
           Row{"[policy]\ndnsbl = [\"bl.example=127.0.0.256\"]\n", "h.toml: [policy] dnsbl: \"bl.example=127.0.0.256\" is no list of clients. Remedy: write its zone, \"bl.example\", or \"bl.example=127.0.0.2,127.0.0.8/29\"."},
           Row{"[policy]\ns25r_reply = \"\"\n", "h.toml: [policy] s25r_reply: \"\" cannot be said in a reply. Remedy: write 1 to 400 ASCII characters, like \"S25R check, see https://www.example.jp/mail\"."},
           Row{"[policy]\ns25r_nameless_reply = \"逆引き\"\n", "h.toml: [policy] s25r_nameless_reply: \"逆引き\" cannot be said in a reply. Remedy: write 1 to 400 ASCII characters, like \"S25R check, see https://www.example.jp/mail\"."},
           Row{"[policy]\nuri_exempt = [\"*.example.jp\"]\n", "h.toml: [policy] uri_exempt: \"*.example.jp\" is no host. Remedy: write \"example.jp\" (it means all below it too; other letters as in \"xn--wgv71a119e.jp\"), or an IPv4 address like \"192.0.2.7\"."},
           Row{"[policy]\nuri_exempt = [\"jp\"]\n", "h.toml: [policy] uri_exempt: \"jp\" is no host. Remedy: write \"example.jp\" (it means all below it too; other letters as in \"xn--wgv71a119e.jp\"), or an IPv4 address like \"192.0.2.7\"."},
           Row{"[policy]\nuri_exempt = [\"2001:db8::7\"]\n", "h.toml: [policy] uri_exempt: \"2001:db8::7\" is no host. Remedy: write \"example.jp\" (it means all below it too; other letters as in \"xn--wgv71a119e.jp\"), or an IPv4 address like \"192.0.2.7\"."},
           Row{"[policy]\nuri_exempt = [\"example.jp\", \"192.0.2.7\"]\n", ""},
           Row{"[smtp]\nrelay_networks = [\"10.0.0.0/33\"]\n", "h.toml: [smtp] relay_networks: \"10.0.0.0/33\" is not a network. Remedy: write an address, or address/bits like \"192.0.2.0/24\"."},
           Row{"[scanning]\nclamd = \"clamd\"\n", "h.toml: [scanning] clamd: \"clamd\" is no socket. Remedy: write \"/run/clamav/clamd.ctl\", or an address with a port like \"127.0.0.1:3310\"."},
           Row{"[abuse]\ncountry_database = \"x.mmdb\"\n", "h.toml: [abuse] country_database: \"x.mmdb\" is no absolute path. Remedy: write \"/var/lib/GeoIP/GeoLite2-Country.mmdb\"."},
           Row{"[scanning]\nclamd = \"*:3310\"\n", "h.toml: [scanning] clamd: \"*:3310\" is no socket. Remedy: write \"/run/clamav/clamd.ctl\", or an address with a port like \"127.0.0.1:3310\"."},
           Row{"[tls]\ncertificate = \"/a\"\n", "h.toml: [tls] key: certificate and key belong together. Remedy: set both, or neither."},
           Row{"[node]\nhostname = \"bad host\"\n", "h.toml: [node] hostname: \"bad host\" is not a host name. Remedy: write one such as \"mail.example.jp\": letters, digits, hyphens and dots."},
           Row{"[node]\nhostname = \"-mail.example\"\n", "h.toml: [node] hostname: \"-mail.example\" is not a host name. Remedy: write one such as \"mail.example.jp\": letters, digits, hyphens and dots."},
           Row{"[node]\nhostname = \"mail..example\"\n", "h.toml: [node] hostname: \"mail..example\" is not a host name. Remedy: write one such as \"mail.example.jp\": letters, digits, hyphens and dots."},
           Row{"[node]\nhostname = \"mail.example.\"\n", "h.toml: [node] hostname: \"mail.example.\" is not a host name. Remedy: write one such as \"mail.example.jp\": letters, digits, hyphens and dots."},
           Row{"[node]\ndata = \"var\"\n", "h.toml: [node] data: the data folder must be an absolute path. Remedy: write \"/var/lib/hikyaku\"."}})
    CHECK(problems(row.toml) == row.want);
  CHECK(problems("[smtp]\nrecipients = \n").starts_with("h.toml:2: not a TOML file: "));
  CHECK(problems("[smtp]\nrecipient = 5\nmessages = 5\n").find(" | ") != std::string::npos);
}

TEST_CASE("durations and sizes") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("5d") == 120h);
  CHECK(parse_duration("0s") == 0s);
  for (const auto* wrong : {"", "5", "s", "-5s", "5 s", "5ss", "1h30m", "99999999999999999999s", "9223372036854775807d", "0x5s"})
    CHECK_MESSAGE(!parse_duration(wrong), wrong);
  CHECK(parse_size("64KiB") == KiB(64));
  CHECK(parse_size("10b") == ByteCount{10});
  for (const auto* wrong : {"", "5", "KiB", "5KB", "5 KiB", "-1B", "18446744073709551615TiB"}) CHECK_MESSAGE(!parse_size(wrong), wrong);
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(7200s) == "2h");
  CHECK(size_text(MiB(25)) == "25MiB");
  CHECK(size_text({}) == "0B");
}

TEST_CASE("networks") {
  struct Row { const char* address; const char* network; bool in; };
  for (const auto& row : {Row{"192.0.2.7", "192.0.2.0/24", true}, {"192.0.3.7", "192.0.2.0/24", false}, {"192.0.2.7", "192.0.2.7", true},
                          {"192.0.2.8", "192.0.2.7", false}, {"::ffff:192.0.2.7", "192.0.2.0/24", true}, {"192.0.2.129", "192.0.2.128/25", true},
                          {"192.0.2.127", "192.0.2.128/25", false}, {"2001:db8::1", "2001:db8::/32", true}, {"2001:db9::1", "2001:db8::/32", false},
                          {"203.0.113.1", "0.0.0.0/0", true}, {"2001:db8::1", "0.0.0.0/0", false}, {"nonsense", "0.0.0.0/0", false},
                          {"192.0.2.0/24", "0.0.0.0/0", false}, {"::1", "::/0", true}})
    CHECK_MESSAGE(address_is_in(row.address, {row.network}) == row.in, row.address, " in ", row.network);
  for (const auto* wrong : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/8x", "localhost", "10.0.0.0/-1"})
    CHECK_MESSAGE(!is_network(wrong), wrong);
}

TEST_CASE("addresses to listen on") {
  CHECK(parse_listen_address("*:25") == ListenAddress{"", 25});
  CHECK(parse_listen_address("192.0.2.1:0") == ListenAddress{"192.0.2.1", 0});
  CHECK(parse_listen_address("[::1]:993") == ListenAddress{"::1", 993});
  CHECK(parse_listen_address("[::1]:993")->text() == "[::1]:993");
  for (const auto* wrong : {"", "25", ":25", "*", "*:", "*:65536", "*:25 ", "::1:25", "[::1]", "[192.0.2.1]:25", "host:25", "10.0.0.0/8:25", "[]:25"})
    CHECK_MESSAGE(!parse_listen_address(wrong), wrong);
}

TEST_CASE("the nearest name is offered only when it is near") {
  CHECK(nearest_name("recieve", {"receive", "deliver"}) == "receive");
  CHECK(nearest_name("dleiver", {"receive", "deliver"}) == "deliver");
  CHECK_FALSE(nearest_name("banana", {"receive", "deliver"}));
  CHECK_FALSE(nearest_name("", {"receive"}));
  CHECK_FALSE(nearest_name("x", {}));
}

TEST_CASE("every setting is described in both languages and its preset is possible") {
  const auto settings = preset_settings();
  for (const auto* section : std::as_const(*settings).sections()) {
    CHECK_FALSE(section->help_ja().empty());
    for (const auto* setting : section->settings()) {
      CHECK_MESSAGE(setting->help().ends_with('.'), setting->name());
      CHECK_MESSAGE(setting->help_ja().ends_with("。"), setting->name());
    }
    // The preset as the manual prints it, read back from a file.
    std::string toml = "[" + std::string(section->name()) + "]\n";
    for (const auto* setting : section->settings()) toml += std::string(setting->name()) + " = " + setting->preset_text() + "\n";
    CHECK(problems(toml) == "");
  }
}

}  // namespace
}  // namespace hikyaku::settings
