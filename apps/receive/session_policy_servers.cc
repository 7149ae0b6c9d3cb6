// Policy servers at RCPT (Postfix's policy delegation protocol), asked in the order of the settings when no rule of ours objects.
#include "apps/receive/session.h"
#include "services/policy/client_name.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
constexpr std::size_t most_prepended = 20;

}  // namespace

Task<smtp::Verdict> Session::ask_policy_servers(Address given) {
  if (policies_->policy_servers.empty() || policies_->policy.rules.mode(policy::RuleId::PolicyServer) == policy::Mode::Off) co_return std::nullopt;
  const Address recipient = std::move(given);
  const auto& envelope = talk_.envelope();
  const auto sender = envelope.reverse_path.text(), to = recipient.text(), port = std::to_string(peer_.peer().is_ip() ? peer_.peer().port() : 0);
  const auto name = address_ ? policy::client_name_known(*address_, answers_) : std::nullopt;
  const std::string client_name = name && !name->name.empty() ? name->name : "unknown";
  const auto local = peer_.local();
  const std::string server_address = local.is_ip() ? local.ip().to_string() : std::string{}, server_port = std::to_string(local.is_ip() ? local.port() : 0);
  // The same for all recipients of one transaction.
  const std::string instance = std::to_string(number_) + "." + std::to_string(talk_.messages()) + "." + std::to_string(started_.time_since_epoch().count());
  const auto tls = talk_.tls() ? talk_.tls()->description : std::string{};
  const auto protocol = smtp::protocol_keyword({.role = talk_.kind().role, .extended = talk_.kind().extended});
  const filters::PolicyAttributes attributes{
      {"request", "smtpd_access_policy"}, {"protocol_state", "RCPT"}, {"protocol_name", protocol}, {"helo_name", talk_.helo()}, {"queue_id", ""}, {"sender", sender}, {"recipient", to},
      {"recipient_count", "0"}, {"client_address", client_}, {"client_name", client_name}, {"reverse_client_name", client_name}, {"client_port", port}, {"server_address", server_address},
      {"server_port", server_port}, {"instance", instance}, {"sasl_method", account_ != AccountId{} ? std::string_view(mechanism_) : std::string_view{}}, {"sasl_username", talk_.account()}, {"sasl_sender", ""}, {"size", "0"}, {"ccert_subject", ""},
      {"ccert_issuer", ""}, {"ccert_fingerprint", ""}, {"encryption_protocol", std::string_view(tls).substr(0, tls.find(' '))}, {"encryption_cipher", tls.empty() ? "" : std::string_view(tls).substr(tls.find(' ') + 1)},
      {"encryption_keysize", "0"}, {"etrn_domain", ""}, {"stress", ""}, {"policy_context", ""}};
  for (const auto& row : policies_->policy_servers) {
    if (!concerns(row)) continue;
    auto asking = front_.policy_servers.ask(row, front_.asked.of(row), ask_terms(), attributes);
    const auto action = co_await std::move(asking);
    if (!action) {
      const auto away = when_away(row, policy::RuleId::PolicyServer, Heard{Heard::Kind::Trouble, {}, action.error(), {}});
      if (away.kind != Heard::Kind::Pass) co_return away.reply;
      continue;
    }
    front_.reception.checkers.well(row.name);
    if (auto refusal = take_action(row, *action, recipient)) co_return refusal;
  }
  co_return std::nullopt;
}

smtp::Verdict Session::take_action(const settings::FilterRow& row, const policy_delegation::Action& action, const Address& recipient) {
  using Kind = policy_delegation::Action::Kind;
  const auto to = recipient.text();
  const bool enforced = policies_->policy.rules.mode(policy::RuleId::PolicyServer) == policy::Mode::Enforce;
  switch (action.kind) {
    case Kind::Permit:
    case Kind::Dunno:
      if (!action.warns) return std::nullopt;
      [[fallthrough]];
    case Kind::NotForUs: {
      policy::Finding said{.rule = policy::RuleId::PolicyServer, .mode = policies_->policy.rules.mode(policy::RuleId::PolicyServer)};
      said.evidence = row.name + (action.kind == Kind::NotForUs ? ": is not done here: " : ": ") + action.text;
      log_finding(said, to);
      return std::nullopt;
    }
    case Kind::Prepend: {
      const auto colon = action.text.find(':');
      const auto name = action.text.substr(0, colon);
      const bool is_field = colon != std::string::npos && colon > 0 && name.find(' ') == std::string::npos;
      if (!enforced || !is_field || open_->prepended.size() >= most_prepended) return std::nullopt;
      auto field = filters::field_octets(name, action.text.substr(colon + 1));
      if (std::ranges::find(open_->prepended, field) == open_->prepended.end()) open_->prepended.push_back(std::move(field));
      return std::nullopt;
    }
    case Kind::Hold:
    case Kind::Discard: {
      const auto why = action.kind == Kind::Hold ? "it wanted the message held " + action.text : "it wanted the message thrown away " + action.text;
      const auto heard = judged(policy::RuleId::PolicyServer, row.name, {Heard::Kind::Quarantine, {}, why, {}}, to);
      if (heard.kind == Heard::Kind::Quarantine) open_->kept_back.emplace_back(to, heard.why);
      return std::nullopt;
    }
    case Kind::Defer:
    case Kind::Refuse: {
      const auto heard = judged(policy::RuleId::PolicyServer, row.name, {action.kind == Kind::Defer ? Heard::Kind::Defer : Heard::Kind::Refuse, action.reply, action.reply.line(), {}}, to);
      if (heard.kind == Heard::Kind::Pass) return std::nullopt;
      open_->refused_by = {"policy_server", heard.why, {}};
      return heard.reply;
    }
  }
  return std::nullopt;
}

}  // namespace hikyaku::receive
