// Checks that a range cannot express: the form of networks and listeners, and settings that belong together.
#include <algorithm>
#include <cstdlib>

#include "base/cursor.h"
#include "services/settings/filter_row.h"
#include "services/settings/listen_address.h"
#include "services/settings/settings.h"

namespace hikyaku::settings {

namespace {

using Errors = std::vector<SettingsError>;

struct Checker {
  std::string file;
  Errors& errors;

  void error(const Section& section, const AnySetting& setting, const std::string& what, std::string remedy) {
    errors.push_back({file + ": [" + std::string(section.name()) + "] " + std::string(setting.name()) + ": " + what, std::move(remedy)});
  }
  void networks(const Section& section, const Setting<Texts>& setting) {
    for (const auto& network : setting())
      if (!is_network(network))
        error(section, setting, "\"" + network + "\" is not a network.", "write an address, or address/bits like \"192.0.2.0/24\".");
  }
  void rates(const Section& section, const Setting<Texts>& setting) {
    for (const auto& rate : setting())
      if (!is_rate(rate)) error(section, setting, "\"" + rate + "\" is no rate.", "write \"account 300/1h\" or \"client 60/1m burst 200\".");
  }
  // As services/policy reads it.
  static bool is_rate(std::string_view text) {
    Cursor in(text);
    const auto of = in.take_while([](char c) { return c != ' '; });
    if ((of != "account" && of != "client" && of != "network" && of != "sender_domain") || !in.take(' ')) return false;
    const auto count = parse_number(in, 1'000'000);
    if (!count || *count == 0 || !in.take('/')) return false;
    const auto number = parse_number(in, 604'800);
    const std::uint64_t unit = in.take('s') ? 1 : in.take('m') ? 60 : in.take('h') ? 3'600 : in.take('d') ? 86'400 : 0;
    if (!number || *number == 0 || unit == 0 || *number * unit > 604'800) return false;
    if (in.at_end()) return true;
    if (!in.take(" burst ")) return false;
    const auto burst = parse_number(in, 1'000'000);
    return burst && *burst > 0 && in.at_end();
  }
  void filters(const Section& section, const Setting<Texts>& setting, FilterKind kind) {
    for (const auto& text : setting())
      if (const auto row = parse_filter_row(kind, text); !row) filter_error(section, setting, row.error());
  }
  // "what; remedy."
  void filter_error(const Section& section, const AnySetting& setting, const std::string& sentence) {
    const auto middle = sentence.find("; ");
    error(section, setting, sentence.substr(0, middle) + ".", sentence.substr(std::min(sentence.size(), middle + 2)));
  }
  void dns_lists(const Section& section, const Setting<Texts>& setting) {
    for (const auto& list : setting())
      if (!is_dns_list(list))
        error(section, setting, "\"" + list + "\" is no list of clients.", "write its zone, \"bl.example\", or \"bl.example=127.0.0.2,127.0.0.8/29\".");
  }
  // As services/policy reads it.
  static bool is_dns_list(std::string_view list) {
    const auto equals = list.find('=');
    const auto zone = list.substr(0, equals);
    const auto in_zone = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
    if (zone.size() > 200 || zone.find('.') == std::string_view::npos || zone.starts_with('.') || zone.ends_with('.') || !std::ranges::all_of(zone, in_zone)) return false;
    if (equals == std::string_view::npos) return true;
    for (list.remove_prefix(equals + 1);;) {
      const auto comma = list.find(',');
      if (!is_network(list.substr(0, comma))) return false;
      if (comma == std::string_view::npos) return true;
      list.remove_prefix(comma + 1);
    }
  }
};

// Of letters, digits and hyphens, as a greeting names it (RFC 5321 §4.1.2, RFC 952): labels of at most 63, all at most 253.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (;;) {
    const auto label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63 || label.starts_with('-') || label.ends_with('-')) return false;
    if (!std::ranges::all_of(label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; })) return false;
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
}

// textstring = 1*(%d09 / %d32-126)      RFC 5321 §4.2; short enough for one line with its codes and the rule's id.
bool is_reply_text(std::string_view text) {
  constexpr std::size_t most = 400;
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// "08:00"
bool is_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  for (const auto at : {0, 1, 3, 4})
    if (!is_digit(text[static_cast<std::size_t>(at)])) return false;
  return text.substr(0, 2) < "24" && text.substr(3) < "60";
}

// Near enough to find what was forgotten.
bool is_address(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size();
}

void check_refusals(Checker& checker, const RefusalsSection& refusals) {
  for (const auto& time : refusals.digest_times())
    if (!is_time_of_day(time)) checker.error(refusals, refusals.digest_times, "\"" + time + "\" is no time of the day.", "write \"08:00\".");
  for (const auto& address : refusals.administrators())
    if (address != "postmaster" && !is_address(address))
      checker.error(refusals, refusals.administrators, "\"" + address + "\" is no address.", "write \"admin@example.jp\" or \"postmaster\".");
  for (const auto& rule : refusals.escrow())
    if (rule != "greylist" && rule != "s25r" && rule != "reverse_name")
      checker.error(refusals, refusals.escrow, "\"" + rule + "\" is no rule whose mail can be kept.", "write \"greylist\", \"s25r\" or \"reverse_name\".");
  const auto& url = refusals.link_url();
  if (!url.empty() && !url.starts_with("https://") && !url.starts_with("http://"))
    checker.error(refusals, refusals.link_url, "\"" + url + "\" is no http or https URL.", "write \"https://mail.example.jp/refusals\".");
}

}  // namespace

void check_rules(const Settings& settings, std::string_view file_name, Errors& errors) {
  Checker checker{std::string(file_name), errors};
  if (const auto& hostname = settings.node.hostname(); !hostname.empty() && !is_host_name(hostname))
    checker.error(settings.node, settings.node.hostname, "\"" + hostname + "\" is not a host name.", "write one such as \"mail.example.jp\": letters, digits, hyphens and dots.");
  checker.networks(settings.smtp, settings.smtp.relay_networks);
  checker.networks(settings.smtp, settings.smtp.unlimited_networks);
  checker.networks(settings.smtp, settings.smtp.priority_networks);
  checker.networks(settings.smtp, settings.smtp.etrn_networks);
  // priority-profile = 1*20(ALPHA / DIGIT / "-" / "_" / ".")      RFC 6710 §7
  const auto in_policy = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (const auto& policy = settings.smtp.priority_policy(); policy.size() > 20 || !std::ranges::all_of(policy, in_policy))
    checker.error(settings.smtp, settings.smtp.priority_policy, "\"" + policy + "\" is no name of a policy.",
                  "write at most 20 letters, digits, \"-\", \"_\" or \".\", like \"MIXER\".");
  checker.networks(settings.policy, settings.policy.exempt_networks);
  checker.rates(settings.policy, settings.policy.rates);
  checker.dns_lists(settings.policy, settings.policy.dnsbl);
  checker.dns_lists(settings.policy, settings.policy.dnswl);
  checker.dns_lists(settings.policy, settings.policy.uri_lists);
  for (const auto* reply : {&settings.policy.s25r_reply, &settings.policy.s25r_nameless_reply})
    if (!is_reply_text((*reply)()))
      checker.error(settings.policy, *reply, "\"" + (*reply)() + "\" cannot be said in a reply.", "write 1 to 400 ASCII characters, like \"S25R check, see https://www.example.jp/mail\".");
  for (const auto& host : settings.policy.uri_exempt())
    if (!is_host_name(host) || host.find('.') == std::string::npos)
      checker.error(settings.policy, settings.policy.uri_exempt, "\"" + host + "\" is no host.", "write \"example.jp\" (it means all below it too; other letters as in \"xn--wgv71a119e.jp\"), or an IPv4 address like \"192.0.2.7\".");
  check_refusals(checker, settings.refusals);
  checker.filters(settings.filters, settings.filters.milters, FilterKind::Milter);
  checker.filters(settings.filters, settings.filters.policy_servers, FilterKind::PolicyServer);
  if (const auto& rspamd = settings.filters.rspamd(); !rspamd.empty())
    if (const auto row = parse_filter_row(FilterKind::Rspamd, rspamd); !row) checker.filter_error(settings.filters, settings.filters.rspamd, row.error());
  checker.networks(settings.scanning, settings.scanning.unscanned_networks);
  if (const auto& clamd = settings.scanning.clamd(); !clamd.empty() && !is_socket(clamd))
    checker.error(settings.scanning, settings.scanning.clamd, "\"" + clamd + "\" is no socket.", "write \"/run/clamav/clamd.ctl\", or an address with a port like \"127.0.0.1:3310\".");
  checker.networks(settings.auth, settings.auth.plaintext_login_networks);
  for (const auto& address : settings.abuse.unwatched())
    if (!is_address(address)) checker.error(settings.abuse, settings.abuse.unwatched, "\"" + address + "\" is no address.", "write \"news@example.jp\".");
  if (const auto& database = settings.abuse.country_database(); !database.empty() && !database.starts_with('/'))
    checker.error(settings.abuse, settings.abuse.country_database, "\"" + database + "\" is no absolute path.", "write \"/var/lib/GeoIP/GeoLite2-Country.mmdb\".");
  for (const auto* setting : {&settings.listen.smtp, &settings.listen.submission, &settings.listen.submissions, &settings.listen.lmtp,
                              &settings.listen.pop3, &settings.listen.pop3s, &settings.listen.imap, &settings.listen.imaps, &settings.listen.metrics, &settings.listen.decisions})
    for (const auto& address : (*setting)())
      if (!parse_listen_address(address))
        checker.error(settings.listen, *setting, "\"" + address + "\" is not an address with a port.",
                      "write \"192.0.2.1:25\", \"[2001:db8::1]:25\" or \"*:25\".");
  if (settings.tls.certificate().empty() != settings.tls.key().empty())
    checker.error(settings.tls, settings.tls.key, "certificate and key belong together.", "set both, or neither.");
  if (!settings.node.data().starts_with('/'))
    checker.error(settings.node, settings.node.data, "the data folder must be an absolute path.", "write \"/var/lib/hikyaku\".");
  if (settings.delivery.retry_interval_max() < settings.delivery.retry_interval())
    checker.error(settings.delivery, settings.delivery.retry_interval_max, "is shorter than retry_interval.", "raise it.");
  if (settings.delivery.fresh_share() + settings.delivery.retry_share() > 90)
    checker.error(settings.delivery, settings.delivery.retry_share, "with fresh_share leaves less than 10 percent for whoever needs it.", "lower one of them.");
}

}  // namespace hikyaku::settings
