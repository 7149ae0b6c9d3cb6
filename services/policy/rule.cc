#include "services/policy/rule.h"

#include "base/check.h"

namespace hikyaku::policy {

std::string_view mode_name(Mode mode) {
  static constexpr std::array<std::string_view, 3> names{"off", "shadow", "enforce"};
  return names[static_cast<std::size_t>(mode)];
}

std::optional<Mode> mode_named(std::string_view name) {
  for (const auto mode : {Mode::Off, Mode::Shadow, Mode::Enforce})
    if (mode_name(mode) == name) return mode;
  return std::nullopt;
}

std::string_view stage_name(Stage stage) {
  static constexpr std::array<std::string_view, 5> names{"connect", "ehlo", "mail", "rcpt", "content"};
  return names[static_cast<std::size_t>(stage)];
}

const std::array<RuleEntry, rule_count>& rules() {
  static constexpr std::array<RuleEntry, rule_count> all{{
      {RuleId::Access, "access", Stage::Connect},
      {RuleId::Dnswl, "dnswl", Stage::Connect},
      {RuleId::Dnsbl, "dnsbl", Stage::Connect},
      {RuleId::ReverseName, "reverse_name", Stage::Connect},
      {RuleId::S25r, "s25r", Stage::Connect},
      {RuleId::HelloName, "hello_name", Stage::Hello},
      {RuleId::Rate, "rate", Stage::Mail},
      {RuleId::LocalSender, "local_sender", Stage::Mail},
      {RuleId::SenderDomain, "sender_domain", Stage::Mail},
      {RuleId::Spf, "spf", Stage::Mail},
      {RuleId::Greylist, "greylist", Stage::Recipient},
      {RuleId::PolicyServer, "policy_server", Stage::Recipient},
      {RuleId::Dmarc, "dmarc", Stage::Content},
      {RuleId::UriList, "uri_list", Stage::Content},
      {RuleId::Content, "content", Stage::Content},
      {RuleId::Rspamd, "rspamd", Stage::Content},
      {RuleId::Milter, "milter", Stage::Content},
  }};
  return all;
}

const RuleEntry& entry_of(RuleId id) {
  const auto& one = rules()[static_cast<std::size_t>(id)];
  check(one.id == id, "the rules stand in the order of their ids");
  return one;
}

std::optional<RuleId> rule_named(std::string_view name) {
  for (const auto& one : rules())
    if (one.name == name) return one.id;
  return std::nullopt;
}

}  // namespace hikyaku::policy
