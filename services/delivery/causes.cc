// Where a recipient's time went: what the schedule remembers of its waiting, and what was counted while it was worked on.
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration shortest_told = 1s;  // of waiting, to look for pauses in it: the common message waits a millisecond

}  // namespace

CauseClock Delivery::waited_in_lane(const Slot& slot, const RemoteJob& job) {
  const auto& waited = slot.waited;
  CauseClock clock(waited.since - job.looked_up, Cause::Dns);
  // In whatever order these were: sums are all that is kept.
  clock.turn(waited.shut_for, waited.since);
  clock.turn(Cause::Rate, waited.since + waited.shut);
  clock.turn(Cause::Slot, waited.since + waited.shut + waited.at_limit);
  if (!job.spent) return clock;
  auto whole = *job.spent;
  whole.append(clock);
  return whole;
}

CauseClock Delivery::time_of(const Message& message, std::uint32_t recipient, const std::string& destination, const CauseClock& spent,
                             WallTime end) const {
  const auto before = message.history.find(recipient);
  const bool tried = before != message.history.end() && before->second.last_tried != WallTime{};
  const WallTime since = tried ? before->second.last_tried : message.envelope.accepted_at;
  CauseClock clock(since, before != message.history.end() ? Cause::Schedule : Cause::Intake);
  const WallTime taken_up = spent.begun() ? spent.since() : end;
  if (taken_up - since > shortest_told) clock.spend(taken_up, pauses_of(message, recipient, destination, since, taken_up));
  if (spent.begun()) clock.append(spent);
  clock.spend(end);
  return clock;
}

}  // namespace hikyaku::delivery
