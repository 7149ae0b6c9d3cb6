#include "apps/receive/policies.h"

namespace hikyaku::receive {
namespace {

smtp::Limits limits_of(const settings::SmtpSection& section) {
  smtp::Limits limits;
  limits.message_octets = section.message_size().octets;
  limits.command_line_octets = section.command_line().octets;
  limits.parameter_line_octets = section.parameter_line().octets;
  limits.auth_line_octets = section.auth_line().octets;
  limits.failed_logins = static_cast<std::uint32_t>(section.failed_logins());
  limits.received_fields = static_cast<std::uint32_t>(section.received_fields());
  limits.recipients = static_cast<std::uint32_t>(section.recipients());
  limits.messages = static_cast<std::uint32_t>(section.transactions());
  limits.errors = static_cast<std::uint32_t>(section.errors());
  limits.idle_commands = static_cast<std::uint32_t>(section.commands());
  limits.content.most_line_octets = section.text_line().octets;
  limits.idle = section.idle();
  limits.total = section.total_time();
  return limits;
}

smtp::TimeOffers times_of(const settings::SmtpSection& section) {
  smtp::TimeOffers times;
  times.priority = section.priority();
  times.priority_policy = section.priority_policy();
  times.most_urgent = static_cast<std::int8_t>(section.priority_most());
  times.longest_hold = section.future_release();
  times.deliver_by = section.deliver_by();
  times.shortest_by = section.deliver_by_least();
  return times;
}

smtp::Role role_of(Port port) {
  if (port == Port::Lmtp) return smtp::Role::Lmtp;
  return port == Port::Smtp ? smtp::Role::Relay : smtp::Role::Submission;
}

// The settings passed their check.
void take_filters(const settings::FiltersSection& filters, Policies& into) {
  using settings::FilterKind;
  for (const auto& text : filters.milters())
    if (auto row = settings::parse_filter_row(FilterKind::Milter, text)) into.milters.push_back(*std::move(row));
  for (const auto& text : filters.policy_servers())
    if (auto row = settings::parse_filter_row(FilterKind::PolicyServer, text)) into.policy_servers.push_back(*std::move(row));
  if (auto row = settings::parse_filter_row(FilterKind::Rspamd, filters.rspamd())) into.rspamd = *std::move(row);
}

}  // namespace

std::shared_ptr<const Policies> make_policies(apps::Service& service) {
  auto policies = std::make_shared<Policies>();
  policies->settings = service.settings();
  policies->hostname = service.hostname();
  policies->policy = policy::policy_settings(*policies->settings);
  take_filters(policies->settings->filters, *policies);
  policies->tls = service.tls();
  for (const auto port : {Port::Smtp, Port::Submission, Port::Submissions, Port::Lmtp})
    policies->configs[static_cast<std::size_t>(port)] = std::make_shared<const smtp::ServerConfig>(smtp::ServerConfig{
        .our_name = policies->hostname,
        .role = role_of(port),
        .limits = limits_of(policies->settings->smtp),
        .tls = policies->tls ? smtp::TlsOffer::StartTls : smtp::TlsOffer::None,
        .dots = policies->settings->smtp.loose_dots() ? smtp::Dots::Loose : smtp::Dots::Strict,
        .times = times_of(policies->settings->smtp),
        .etrn = port == Port::Smtp && policies->settings->smtp.etrn()});
  return policies;
}

}  // namespace hikyaku::receive
