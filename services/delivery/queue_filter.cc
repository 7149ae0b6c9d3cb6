#include "services/delivery/queue_filter.h"

#include "base/cursor.h"

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

WallTime before(WallTime now, Duration age) { return now - std::chrono::duration_cast<std::chrono::microseconds>(age); }

}  // namespace

spool::DeferredFilter for_spool(const QueueFilter& filter, WallTime now) {
  spool::DeferredFilter out;
  out.sender = filter.sender, out.recipient = filter.recipient, out.domain = filter.domain, out.account = filter.account;
  out.error = filter.error, out.code = filter.code;
  out.failure_class = filter.failure_class;
  if (!filter.destination.empty())
    out.destination = [wanted = filter.destination](std::string_view key) { return same_destination(key, wanted); };
  if (filter.at_least_old > Duration{}) out.accepted_until = before(now, filter.at_least_old);
  if (filter.at_most_old) out.accepted_from = before(now, *filter.at_most_old);
  out.least_octets = filter.least_octets, out.most_octets = filter.most_octets;
  return out;
}

spool::FreshFilter fresh_for_spool(const QueueFilter& filter, WallTime now) {
  return {filter.id, for_spool(filter, now), [&filter, now](const Envelope& envelope, std::uint32_t recipient) {
            return (!filter.id || *filter.id == envelope.id) && envelope_matches(filter, envelope, recipient, now);
          }};
}

bool needs_envelope(const QueueFilter& filter) {
  return !filter.sender.empty() || !filter.recipient.empty() || !filter.domain.empty() || !filter.account.empty() ||
         filter.at_least_old > Duration{} || filter.at_most_old || filter.least_octets > 0 || filter.most_octets < UINT64_MAX;
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
  if (!filter.account.empty() && !equal_ignoring_case(envelope.account, filter.account)) return false;
  if (envelope.body_octets < filter.least_octets || envelope.body_octets > filter.most_octets) return false;
  const Duration age = now - envelope.accepted_at;
  return age >= filter.at_least_old && (!filter.at_most_old || age <= *filter.at_most_old);
}

bool schedule_matches(const QueueFilter& filter, const TraceId& id, const spool::Schedule& schedule) {
  if (filter.id && *filter.id != id) return false;
  if (!filter.destination.empty() && !same_destination(schedule.destination, filter.destination)) return false;
  if (filter.failure_class && *filter.failure_class != (schedule.failure_class & ~spool::told_bits)) return false;
  if (!filter.code.empty() && !spool::has_code(schedule.last_reply, filter.code)) return false;
  return filter.error.empty() || contains_ignoring_case(schedule.last_reply, filter.error);
}

bool only_deferred(const QueueFilter& filter) {
  return !filter.destination.empty() || !filter.error.empty() || !filter.code.empty() || filter.failure_class.has_value();
}

}  // namespace hikyaku::delivery
