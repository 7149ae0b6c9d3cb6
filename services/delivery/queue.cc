#include "services/delivery/queue.h"

#include <unordered_map>

#include "base/cursor.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {
namespace {

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return ascii_lower(text).find(ascii_lower(part)) != std::string::npos;
}

bool same_destination(std::string_view key, std::string_view wanted) {
  if (equal_ignoring_case(key, wanted)) return true;
  const auto colon = key.find(':');
  if (colon == std::string_view::npos) return false;
  const auto name = key.substr(colon + 1);
  return equal_ignoring_case(name, wanted) || equal_ignoring_case(name.substr(0, name.rfind(':')), wanted);
}

// What a deferred recipient's schedule alone can say.
bool schedule_matches(const QueueFilter& filter, const TraceId& id, const spool::Schedule& schedule) {
  if (filter.id && *filter.id != id) return false;
  if (!filter.destination.empty() && !same_destination(schedule.destination, filter.destination)) return false;
  return filter.error.empty() || contains_ignoring_case(schedule.last_reply, filter.error);
}

bool envelope_matches(const QueueFilter& filter, const Envelope& envelope, std::uint32_t recipient, WallTime now) {
  const auto& address = envelope.recipients[recipient].address;
  if (!filter.sender.empty()) {
    const bool null_wanted = filter.sender == "<>";
    if (null_wanted != envelope.reverse_path.is_null()) return false;
    if (!null_wanted && !equal_ignoring_case(envelope.reverse_path.text(), filter.sender)) return false;
  }
  if (!filter.recipient.empty() && !equal_ignoring_case(address.text(), filter.recipient)) return false;
  if (!filter.domain.empty() && !equal_ignoring_case(address.domain, filter.domain)) return false;
  return now - envelope.accepted_at >= filter.at_least_old;
}

bool needs_envelope(const QueueFilter& filter) {
  return !filter.sender.empty() || !filter.recipient.empty() || !filter.domain.empty() || filter.at_least_old > Duration{};
}

QueueItem item_of(const Envelope& envelope, std::uint32_t recipient) {
  QueueItem item;
  item.id = envelope.id;
  item.sender = envelope.reverse_path.text();
  item.recipient = envelope.recipients[recipient].address.text();
  item.recipient_index = recipient;
  item.sent_by = envelope.account;
  item.octets = envelope.body_octets;
  item.accepted_at = envelope.accepted_at;
  return item;
}

// Envelopes of a listing, each read once.
class Envelopes {
 public:
  explicit Envelopes(spool::Spool& spool) : spool_(spool) {}
  // Null: settled meanwhile, or damaged.
  const Envelope* find(const spool::MessageRef& message) {
    const auto [place, is_new] = known_.try_emplace(message.id);
    if (is_new) {
      auto envelope = spool_.envelope(message);
      if (envelope) place->second = std::move(*envelope);
    }
    return place->second ? &*place->second : nullptr;
  }

 private:
  spool::Spool& spool_;
  std::unordered_map<TraceId, std::optional<Envelope>> known_;
};

std::vector<spool::DeferredRecipient> matching_schedules(spool::Spool& spool, const QueueFilter& filter) {
  if (filter.id) {
    auto deferred = spool.deferred(*filter.id);
    std::erase_if(deferred, [&](const auto& one) { return !schedule_matches(filter, one.id, one.schedule); });
    return deferred;
  }
  std::vector<spool::DeferredRecipient> found;
  spool.for_each_deferred([&](const spool::DeferredRecipient& one) {
    if (schedule_matches(filter, one.id, one.schedule)) found.push_back(one);
  });
  return found;
}

}  // namespace

QueueList list_queue(spool::Spool& spool, const QueueFilter& filter, std::size_t limit, WallTime now) {
  QueueList list;
  Envelopes envelopes(spool);
  const auto add = [&](QueueItem item) {
    if (list.items.size() < limit) list.items.push_back(std::move(item));
    else list.more = true;
  };
  for (auto& one : matching_schedules(spool, filter)) {
    if (list.more) return list;
    const auto* envelope = envelopes.find({one.id, 0, {}});
    const auto recipient = one.schedule.recipient;
    if (!envelope || recipient >= envelope->recipients.size() || !envelope_matches(filter, *envelope, recipient, now)) continue;
    auto item = item_of(*envelope, recipient);
    item.state = QueueState::Deferred;
    item.destination = std::move(one.schedule.destination);
    item.last_reply = std::move(one.schedule.last_reply);
    item.failure_class = static_cast<std::uint8_t>(failure_class_of(one.schedule.failure_class));
    item.attempts = one.schedule.attempts;
    item.first_failed = one.schedule.first_failed;
    item.next_due = one.schedule.next_due;
    add(std::move(item));
  }
  if (!filter.destination.empty() || !filter.error.empty()) return list;  // fresh mail has neither
  std::vector<spool::MessageRef> fresh;
  spool.for_each_fresh([&](const spool::MessageRef& message) {
    if (!filter.id || *filter.id == message.id) fresh.push_back(message);
  });
  for (const auto& message : fresh) {
    if (list.more) return list;
    const auto* envelope = envelopes.find(message);
    if (!envelope) continue;
    for (std::uint32_t n = 0; n < envelope->recipients.size(); ++n)
      if (envelope_matches(filter, *envelope, n, now)) add(item_of(*envelope, n));
  }
  return list;
}

spool::SpoolResult<std::vector<Retried>> retry_queue(spool::Spool& spool, const QueueFilter& filter, RetryRun run,
                                                     WallTime now) {
  std::vector<Retried> retried;
  std::vector<spool::Deferral> changed;
  Envelopes envelopes(spool);
  for (auto& one : matching_schedules(spool, filter)) {
    const auto recipient = one.schedule.recipient;
    if (needs_envelope(filter)) {
      const auto* envelope = envelopes.find({one.id, 0, {}});
      if (!envelope || recipient >= envelope->recipients.size() || !envelope_matches(filter, *envelope, recipient, now)) continue;
    }
    retried.push_back({one.schedule.destination, one.id, recipient});
    one.schedule.next_due = now;
    changed.push_back({{one.id, 0, {}}, {std::move(one.schedule)}, {}});
  }
  if (run == RetryRun::Real && !changed.empty()) TRY_VOID(spool.defer(changed));
  return retried;
}

}  // namespace hikyaku::delivery
