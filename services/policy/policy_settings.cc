#include "services/policy/policy_settings.h"

#include "io/socket_address.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::policy {
namespace {

Severity severity(const settings::Text& text) { return text == "refuse" ? Severity::Refuse : Severity::Defer; }

std::vector<DnsList> lists_of(const settings::Texts& texts) {
  std::vector<DnsList> lists;
  for (const auto& text : texts)
    if (auto list = parse_dns_list(text)) lists.push_back(*std::move(list));
  return lists;
}

// In the order of RuleId.
std::array<Mode, rule_count> modes_of(const settings::RulesSection& rules) {
  const std::array<std::string_view, rule_count> texts{rules.access(), rules.dnswl(), rules.dnsbl(), rules.reverse_name(), rules.s25r(), rules.hello_name(), rules.rate(),
                                                               rules.local_sender(), rules.sender_domain(), rules.spf(), rules.greylist(),
                                                               rules.policy_server(), rules.dmarc(), rules.uri_list(), rules.content(), rules.rspamd(), rules.milter()};
  std::array<Mode, rule_count> modes{};
  for (std::size_t i = 0; i < modes.size(); ++i) modes[i] = mode_named(texts[i]).value_or(Mode::Off);
  return modes;
}

GreylistScope scope_named(const settings::Text& text) {
  if (text == "suspects") return GreylistScope::Suspects;
  return text == "everybody" ? GreylistScope::Everybody : GreylistScope::Nobody;
}

}  // namespace

PolicySettings policy_settings(const settings::Settings& settings) {
  PolicySettings made;
  made.rules.modes = modes_of(settings.rules);
  const auto& policy = settings.policy;
  made.rules.dnsbl = lists_of(policy.dnsbl());
  made.rules.dnswl = lists_of(policy.dnswl());
  made.uri_lists = lists_of(policy.uri_lists());
  for (const auto& host : policy.uri_exempt())
    if (auto name = io::IpAddress::parse(host) ? std::optional(host) : dns::canonical_name(host)) made.uri_exempt.push_back(*std::move(name));
  made.tags_uris = policy.uri_list() == "tag";
  made.rules.reverse_name = severity(policy.reverse_name());
  made.rules.sender_domain = severity(policy.sender_domain());
  made.rules.greylist = scope_named(policy.greylist());
  made.rules.s25r_reply = policy.s25r_reply();
  made.rules.s25r_nameless_reply = policy.s25r_nameless_reply();
  made.rules.tarpit = policy.tarpit();
  made.sessions = {.days = static_cast<unsigned>(policy.replay_days()), .octets = policy.replay_space().octets};
  made.rules.name_rules = policy.name_rules();
  made.greylist = {.wait = policy.greylist_wait(), .window = policy.greylist_window(), .known_for = policy.greylist_known()};
  const auto& recipients = settings.recipients;
  made.recipients = {.taken_for = recipients.taken(), .known_for = recipients.known_while_away(), .unknown_for = recipients.unknown()};
  for (const auto& text : policy.rates())
    if (auto rate = parse_rate(text)) made.rates.push_back(*rate);
  made.exempt = policy.exempt_networks();
  made.checks_mail = policy.authentication_results() || made.rules.mode(RuleId::Dmarc) != Mode::Off;
  made.reports_dmarc = made.checks_mail && policy.dmarc_reports();
  made.checks_uris = !made.uri_lists.empty() && made.rules.mode(RuleId::UriList) != Mode::Off;
  made.patience = policy.dns_timeout();
  return made;
}

}  // namespace hikyaku::policy
