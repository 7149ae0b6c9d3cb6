// What a running delivery tells `hikyaku why`: where a recipient is, since when, what it waits for, and how its destination
// stands. Looks only.
#include <algorithm>

#include "services/delivery/delivery.h"
#include "services/delivery/queue_actions.h"
#include "services/directory/address_text.h"

namespace hikyaku::delivery {
namespace {

constexpr auto trouble_is_fresh = std::chrono::seconds{30};

ReversePath path_of(std::string_view sender) {
  const auto address = directory::parse_address(sender);
  return address ? ReversePath{*address} : ReversePath{};
}

// As much of a message as decides which pauses concern it.
Message message_of(const QueueItem& item) {
  Message message{{item.id, 0, {}}, {}, {}};
  message.envelope.reverse_path = path_of(item.sender);
  message.envelope.account = item.sent_by;
  if (const auto address = directory::parse_address(item.recipient)) message.envelope.recipients.push_back({*address, "", {}});
  return message;
}

}  // namespace

std::string Delivery::key_for(std::string_view sender, std::string_view recipient) const {
  const auto directory = parts_.directory.newest();
  const auto address = directory::parse_address(recipient);
  if (!directory || !address) return {};
  const ReversePath from = path_of(sender);
  const Recipient to{*address, "", {}};
  const auto plan = plan_recipient(*directory, settings_.routing, {from, to});
  const auto* hop = std::get_if<ToNextHop>(&plan);
  return hop != nullptr ? known_destination(hop->hop).value_or("") : destination_of(plan);
}

void Delivery::explain_recipient(RecipientNow& one, const std::string& key, WallTime now) const {
  const auto& item = one.item;
  const bool tried = item.last_tried != WallTime{};
  const bool deferred = item.state == QueueState::Deferred;
  one.spent = CauseClock(tried ? item.last_tried : item.accepted_at, deferred ? Cause::Schedule : Cause::Intake);
  const auto wait_until = [&](WallTime when) {
    const auto message = message_of(item);
    if (!message.envelope.recipients.empty()) one.spent.spend(when, pauses_of(message, 0, key, one.spent.since(), when));
    one.spent.spend(when);
  };
  const auto running = std::ranges::find_if(running_, [&](const auto& run) { return run.second.id == item.id && run.second.destination == key; });
  if (running != running_.end()) {
    one.place = Place::Slot;
    wait_until(running->second.watch->clock().since());
    one.spent.append(running->second.watch->clock());
  } else if (const auto waits = lane_of(key, {item.id, item.recipient_index})) {
    one.place = Place::Lane;
    wait_until(waits->waited.since);
    one.spent.turn(waits->waited.shut_for, waits->waited.since);
    one.spent.turn(Cause::Rate, waits->waited.since + waits->waited.shut);
    one.spent.turn(waits->now, waits->waited.since + waits->waited.shut + waits->waited.at_limit);
  } else if (deferred && !scheduler_.claimed({item.id, item.recipient_index})) {
    one.place = Place::Timer;
    wait_until(now);
    if (scheduler_.health(key) == Health::Held) one.spent.turn(Cause::Hold, now);
  } else if (key.starts_with("local:")) {
    one.place = Place::Mailbox;
    one.spent.turn(Cause::Disk, std::min(now, one.spent.since() + std::chrono::seconds{1}));
  } else if (scheduler_.claimed({item.id, item.recipient_index})) {
    one.place = Place::Lane;
    one.spent.turn(key.empty() ? Cause::Dns : Cause::Slot, one.spent.since());
  } else {
    one.place = Place::Incoming;
    wait_until(now);
  }
  one.spent.spend(now);
}

DestinationNow Delivery::destination_now(const std::string& key, WallTime now) const {
  DestinationNow one;
  one.key = key;
  one.limit = one.most = settings_.lanes.per_destination;
  one.deferred = scheduler_.deferred().waiting_for(key);
  if (key.starts_with("local:") && now - local_.trouble().at < trouble_is_fresh) one.trouble = local_.trouble().what;
  const auto view = scheduler_.view(key, now);
  if (!view) return one;
  one.known = view->proven || view->health != Health::Healthy ? Knowledge::Evidence : Knowledge::Untested;
  one.health = static_cast<std::uint8_t>(view->health);
  one.since = view->since;
  if (view->evidence) {
    one.evidence_at = view->evidence->at, one.evidence_class = static_cast<std::uint8_t>(view->evidence->failure);
    one.evidence_words = view->evidence->words, one.evidence_host = view->evidence->host;
  }
  one.limit = view->limit, one.most = view->most, one.in_use = view->in_use;
  one.fresh = view->fresh, one.retry = view->retry;
  one.fresh_waits_for = scheduler_.lanes().waits_for(key, Lane::Fresh);
  one.next_probe = view->next_probe, one.greylist_wait = view->greylist_wait, one.drained_in = view->drained_in;
  for (const auto& [number, run] : running_) {
    if (run.destination != key) continue;
    auto clock = run.watch->clock();
    clock.spend(now);
    if (clock.until() - clock.since() <= one.runs_for) continue;
    one.runs_for = clock.until() - clock.since();
    one.running_longest = clock.running();
  }
  return one;
}

// Where a hold sends the domain's new mail; empty: none does.
std::string Delivery::other_route_of(const std::string& domain, WallTime now) const {
  const auto directory = parts_.directory.newest();
  if (!directory || domain.empty()) return {};
  const bool is_key = domain.find(':') != std::string::npos;
  const std::string key = is_key ? domain : key_for("", "postmaster@" + domain);
  const auto* hold = directory::find_hold(directory->contents().holds, {is_key ? std::string_view() : domain, key, {}, {}, {}}, now);
  const auto hop = hold != nullptr && hold->action == directory::HoldAction::OtherRoute ? parse_chosen_hop(hold->other_route) : std::nullopt;
  return hop ? hop->key() : "";
}

void Delivery::explain(WhyAnswer& answer, const std::string& domain) {
  const auto now = parts_.clock.wall();
  scheduler_.at(now);
  std::vector<std::string> keys;
  const auto want = [&keys](const std::string& key) {
    if (!key.empty() && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  };
  for (auto& one : answer.recipients) {
    std::string key = one.item.destination;
    if (key.empty()) key = one.item.destination = key_for(one.item.sender, one.item.recipient);
    explain_recipient(one, key, now);
    want(key);
  }
  for (const auto& one : answer.deferred) want(one.destination);
  if (domain.find(':') != std::string::npos) want(domain);
  else if (!domain.empty()) want(key_for("", "postmaster@" + domain));
  want(other_route_of(domain, now));
  for (const auto& key : keys) answer.destinations.push_back(destination_now(key, now));
  ServerNow server;
  server.lanes = settings_.lanes;
  server.fresh_in_use = scheduler_.lanes().used(Lane::Fresh), server.retry_in_use = scheduler_.lanes().used(Lane::Retry);
  server.fresh_waiting = scheduler_.waiting(Lane::Fresh), server.retry_waiting = scheduler_.waiting(Lane::Retry);
  server.dns_trouble_since = dns_.trouble_since();
  answer.server = server;
}

}  // namespace hikyaku::delivery
