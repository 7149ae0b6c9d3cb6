#include "apps/receive/gate.h"

#include "services/delivery/resolver_settings.h"
#include "services/policy/look_up.h"

namespace hikyaku::receive {
namespace {

policy::Severity severity(const settings::Text& text) { return text == "refuse" ? policy::Severity::Refuse : policy::Severity::Defer; }

std::vector<policy::DnsList> lists_of(const settings::Texts& texts) {
  std::vector<policy::DnsList> lists;
  for (const auto& text : texts)
    if (auto list = policy::parse_dns_list(text)) lists.push_back(*std::move(list));
  return lists;
}

// In the order of policy::RuleId.
std::array<policy::Mode, policy::rule_count> modes_of(const settings::RulesSection& rules) {
  const std::array<std::string_view, policy::rule_count> texts{rules.access(), rules.dnswl(), rules.dnsbl(), rules.reverse_name(), rules.s25r(), rules.hello_name(),
                                                               rules.local_sender(), rules.sender_domain(), rules.spf(), rules.greylist(), rules.dmarc()};
  std::array<policy::Mode, policy::rule_count> modes{};
  for (std::size_t i = 0; i < modes.size(); ++i) modes[i] = policy::mode_named(texts[i]).value_or(policy::Mode::Off);
  return modes;
}

policy::GreylistScope scope_named(const settings::Text& text) {
  if (text == "suspects") return policy::GreylistScope::Suspects;
  return text == "everybody" ? policy::GreylistScope::Everybody : policy::GreylistScope::Nobody;
}

}  // namespace

GateSettings gate_settings(const settings::Settings& settings) {
  GateSettings gate;
  gate.rules.modes = modes_of(settings.rules);
  const auto& policy = settings.policy;
  gate.rules.dnsbl = lists_of(policy.dnsbl());
  gate.rules.dnswl = lists_of(policy.dnswl());
  gate.rules.reverse_name = severity(policy.reverse_name());
  gate.rules.sender_domain = severity(policy.sender_domain());
  gate.rules.greylist = scope_named(policy.greylist());
  gate.rules.name_rules = policy.name_rules();
  gate.greylist = {.wait = policy.greylist_wait(), .window = policy.greylist_window(), .known_for = policy.greylist_known()};
  gate.exempt = policy.exempt_networks();
  gate.checks_mail = policy.authentication_results() || gate.rules.mode(policy::RuleId::Dmarc) != policy::Mode::Off;
  gate.patience = policy.dns_timeout();
  return gate;
}

std::string Gate::open(const settings::Settings& settings) {
  const auto asked = settings.delivery.resolvers.value_text() + settings.delivery.trust_anchors();
  if (resolver_ && asked == asked_) return {};
  auto options = delivery::resolver_options(settings);
  if (!options) return std::move(options).error();
  try {
    // Nobody waits for the one before the last longer than `patience`, and settings change at a person's pace.
    former_ = std::exchange(resolver_, std::make_unique<io::Resolver>(loop_, *std::move(options)));
    asked_ = asked;
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

Task<std::string> Gate::look_up(settings::SettingsPointer settings, policy::Answers& answers, Deadline deadline) {
  auto trouble = open(*settings);
  if (!trouble.empty()) {
    for (const auto& question : answers.take_wanted()) answers.give(question, {policy::Answer::Kind::Failure, {}});
    co_return trouble;
  }
  auto looking = policy::look_up(loop_, *resolver_, answers, deadline);
  co_await std::move(looking);
  co_return std::string{};
}

}  // namespace hikyaku::receive
