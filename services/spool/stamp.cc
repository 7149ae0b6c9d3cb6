#include "base/checksum.h"
#include "base/wire.h"
#include "services/spool/message.h"

namespace hikyaku::spool {

Stamp stamp_of(const Schedule& schedule) {
  const auto number = [](WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); };
  WireWriter out;
  out.text(schedule.destination).text(schedule.via).u32(schedule.attempts);
  out.u64(number(schedule.first_failed)).u64(number(schedule.last_tried)).u64(static_cast<std::uint64_t>(schedule.paused.count()));
  for (const auto& [from, until] : schedule.held) out.u64(number(from)).u64(number(until));
  return checksum(out.bytes());
}

}  // namespace hikyaku::spool
