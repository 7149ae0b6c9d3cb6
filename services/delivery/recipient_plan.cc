#include "services/delivery/recipient_plan.h"

#include <algorithm>

#include "services/delivery/onward/forward_walk.h"
#include "services/directory/address_text.h"
#include "services/directory/routes.h"

namespace hikyaku::delivery {
namespace {

using Finding = PlanStep::Finding;
using directory::RecipientKind;

class Planner {
 public:
  Planner(const directory::Snapshot& directory, const RoutingSettings& settings, const RoutingQuestion& question, PlanTrace* trace)
      : directory_(directory), settings_(settings), question_(question), trace_(trace) {}

  RecipientPlan plan() {
    const auto& address = question_.recipient.address;
    if (auto back = bounce_of_rewritten(address)) return std::move(*back);
    const auto follow = question_.recipient.aliases_done ? directory::Aliases::Done : directory::Aliases::Follow;
    const auto resolution = directory_.resolve(address, question_.most_targets, follow);
    tell_aliases(resolution);
    switch (resolution.kind) {
      case RecipientKind::UnknownUser:
        found(2, Finding::NoAccount, address.text());
        return CannotDeliver{"5.1.1", "There is no such user here."};
      case RecipientKind::UnknownDomain:
        found(2, Finding::BadDomain, address.domain);
        return CannotDeliver{"5.1.2", "Mail cannot be sent to this domain name."};
      case RecipientKind::Disabled:
        found(2, Finding::AccountDisabled, address.text());
        return CannotDeliver{"5.2.1", "This account is disabled."};
      case RecipientKind::Relay:
      case RecipientKind::NotOurs:
      case RecipientKind::Local:
      case RecipientKind::MayNotPost:
      case RecipientKind::OverQuota: break;  // the mailbox itself answers for its quota, with a retry
    }
    const auto targets = resolution.local.size() + resolution.remote.size() + resolution.lists.size();
    if (targets == 1 && !resolution.lists.empty()) return to_list(resolution.lists.front(), resolution.problem);
    if (targets == 1 && !resolution.local.empty()) return to_account(resolution.local.front(), resolution.problem);
    if (targets == 0 || (targets == 1 && !resolution.remote.empty() && resolution.remote.front() == address)) {
      tell_domain(address.domain);
      return onwards(address);
    }
    return several(resolution);
  }

 private:
  void found(std::uint8_t step, Finding finding, std::string subject, std::size_t row = 0) {
    if (trace_ != nullptr) trace_->push_back({step, finding, std::move(subject), row});
  }

  void tell_aliases(const directory::Resolution& resolution) {
    if (trace_ == nullptr) return;
    if (question_.recipient.aliases_done) found(1, Finding::AliasesDone, {});
    else if (resolution.through.empty()) found(1, Finding::NoAlias, {});
    for (const auto& alias : resolution.through) found(1, Finding::Alias, alias);
  }

  void tell_domain(const std::string& name) {
    if (trace_ == nullptr) return;
    const auto* domain = directory_.domain(name);
    if (!domain) return found(2, Finding::NotOurs, name);
    if (domain->kind == directory::DomainKind::Relay) return found(2, Finding::RelayDomain, name);
    const bool forward_all = directory_.contents().forward_all == directory::ForwardAll::Yes;
    found(2, forward_all ? Finding::ForwardAll : Finding::NoAccountPassedOn, name);
  }

  // An error mail for a sender whose address we rewrote goes on to the real one.
  std::optional<RecipientPlan> bounce_of_rewritten(const Address& address) {
    if (!settings_.srs) return std::nullopt;
    // It was accepted at RCPT: how long it waited since does not count.
    const auto when = question_.envelope != nullptr ? question_.envelope->accepted_at : SystemClock{}.wall();
    auto sender = directory::rewritten_sender(directory_, address, *settings_.srs, when);
    if (!sender) return std::nullopt;
    found(1, *sender ? Finding::Rewritten : Finding::RewrittenRefused, *sender ? (*sender)->text() : address.text());
    if (!*sender) return CannotDeliver{"5.1.1", "There is no such user here."};
    return ToTargets{{std::move(**sender)}};
  }

  RecipientPlan to_account(const directory::LocalTarget& target, const std::string& lost) {
    const auto done = [&] {
      found(2, Finding::Account, target.address.text());
      return ToMailbox{target, lost};
    };
    if (question_.recipient.forwards_done || directory_.forward(target.account) == nullptr) return done();
    auto walk = follow_forwards(directory_, target, question_.sender);
    for (const auto& account : walk.forwards.through) found(2, Finding::Forward, account.text());
    for (const auto& account : walk.not_for_sender) found(2, Finding::ForwardNotForSender, account.text());
    for (const auto& account : walk.led_back) found(2, Finding::ForwardLoop, account.text());
    if (walk.forwards.through.empty()) return done();
    walk.forwards.lost = lost;
    return std::move(walk.forwards);
  }

  RecipientPlan to_list(const std::string& name, const std::string& lost) {
    const auto address = directory::parse_address(name);
    const auto* list = address ? directory_.list(*address) : nullptr;
    if (list == nullptr) return CannotDeliver{"5.1.1", "There is no such user here."};
    using directory::PostVerdict;
    const auto verdict = directory::judge_post(directory_, *list, question_.sender, sender_is());
    const auto finding = verdict == PostVerdict::ToMembers ? Finding::List : verdict == PostVerdict::ToModerators ? Finding::ListModerated
                       : verdict == PostVerdict::ToOwners ? Finding::ListOwners : Finding::ListRefused;
    found(1, finding, name);
    if (verdict == PostVerdict::Refused) return CannotDeliver{"5.7.2", directory::refusal_of_post(*list)};
    return ToList{name, verdict, lost};
  }

  [[nodiscard]] directory::SenderIs sender_is() const {
    if (question_.envelope == nullptr) return directory::SenderIs::Claimed;
    const auto& envelope = *question_.envelope;
    const auto client = io::IpAddress::parse(envelope.client_address);
    const auto holds_it = [&](const io::IpNetwork& network) { return network.contains(*client); };
    if (client && std::ranges::any_of(settings_.relay_networks, holds_it)) return directory::SenderIs::Known;
    return directory::sender_is(directory_, envelope.account, envelope.client_address);
  }

  static RecipientPlan several(const directory::Resolution& resolution) {
    ToTargets several{{}, resolution.truncated, resolution.problem};
    for (const auto& local : resolution.local) {
      Address target = local.address;
      if (!local.mailbox.empty()) target.local_part += "+" + local.mailbox;  // RFC 5233
      several.targets.push_back(std::move(target));
    }
    several.targets.insert(several.targets.end(), resolution.remote.begin(), resolution.remote.end());
    for (const auto& list : resolution.lists)
      if (auto address = directory::parse_address(list)) several.targets.push_back(std::move(*address));
    return several;
  }

  // "*,192.0.2.53,25" where 192.0.2.53 is the DNS server: "as DNS says".
  [[nodiscard]] bool means_dns(const directory::Route& route) const {
    if (route.hosts.size() != 1 || route.hosts.front().port != 25) return false;
    const auto address = io::IpAddress::parse(route.hosts.front().name);
    return address && std::ranges::find(settings_.dns_servers, *address) != settings_.dns_servers.end();
  }

  RecipientPlan onwards(const Address& address) {
    auto decision = directory_.route(address, question_.sender);
    if (!decision.route || decision.row == 0) found(3, Finding::NoRow, {}, directory_.contents().routes.size());
    if (decision.route && decision.row != 0) {
      const bool dns = means_dns(*decision.route);
      found(3, dns ? Finding::RowMeansDns : Finding::Row, directory::print_route(*decision.route), decision.row);
      if (dns) return by_hosts_and_dns(address, std::move(decision.route), 3);
      return to_hosts(std::move(decision.route), 3);
    }
    if (decision.route) {
      const bool dns = means_dns(*decision.route);
      found(4, dns ? Finding::RowMeansDns : Finding::Gateway, directory::print_target(*decision.route));
      if (dns) return by_hosts_and_dns(address, std::move(decision.route), 4);
      return to_hosts(std::move(decision.route), 4);
    }
    found(4, Finding::NoGateway, {});
    return by_hosts_and_dns(address, nullptr, 4);
  }

  // The row's relay for when its own hosts failed too often.
  std::optional<RecipientPlan> to_fallback(const directory::Route& route, std::uint8_t step) {
    const auto& terms = route.terms;
    if (terms.fallback.name.empty() || question_.failures < terms.fallback_after) return std::nullopt;
    found(step, Finding::RowFallback, directory::print_host(terms.fallback), question_.failures);
    return ToNextHop{fallback_of(route)};
  }

  RecipientPlan to_hosts(std::shared_ptr<const directory::Route> route, std::uint8_t step) {
    if (auto fallback = to_fallback(*route, step)) return std::move(*fallback);
    return ToNextHop{hop_of(std::move(route))};
  }

  // `row`: that says so, and how the hosts are spoken to; null: none does.
  RecipientPlan by_hosts_and_dns(const Address& address, std::shared_ptr<const directory::Route> row, std::uint8_t step) {
    if (row)
      if (auto fallback = to_fallback(*row, step)) return std::move(*fallback);
    if (row && row->terms == directory::RouteTerms{}) row.reset();
    // "a@[192.0.2.1]" (RFC 5321 §4.1.3) names its host itself.
    if (address.domain.starts_with('[')) {
      found(6, Finding::AddressLiteral, address.domain);
      if (row) row = std::make_shared<const directory::Route>(directory::Route{row->pattern, row->sender, {{address.domain, 25}}, row->terms});
      return ToNextHop{{Via::Host, address.domain, 25, std::move(row)}};
    }
    found(5, Finding::HostsThenMx, address.domain);
    return ToNextHop{{Via::Mx, address.domain, 25, std::move(row)}};
  }

  const directory::Snapshot& directory_;
  const RoutingSettings& settings_;
  const RoutingQuestion& question_;
  PlanTrace* trace_;
};

}  // namespace

bool goes_on(const RecipientPlan& plan) {
  return std::holds_alternative<ToTargets>(plan) || std::holds_alternative<ToForwards>(plan) || std::holds_alternative<ToList>(plan);
}

std::string destination_of(const RecipientPlan& plan) {
  if (const auto* mailbox = std::get_if<ToMailbox>(&plan)) return "local:" + mailbox->target.address.domain;
  if (const auto* hop = std::get_if<ToNextHop>(&plan)) return hop->hop.key();
  return {};
}

RecipientPlan plan_recipient(const directory::Snapshot& directory, const RoutingSettings& settings,
                             const RoutingQuestion& question, PlanTrace* trace) {
  return Planner(directory, settings, question, trace).plan();
}

}  // namespace hikyaku::delivery
