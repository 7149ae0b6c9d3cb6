// Times that were written while the machine's clock was set otherwise. Delivery reckons with differences of wall times that
// outlive its processes; a life of delivery never sees the clock jump (base/paced_clock.h) and begins anew when it was set.
// What that start makes of the times on disk is here. Pure.
#pragma once

#include <string_view>

#include "services/delivery/schedule/stood_still.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

constexpr auto shortest_pause = std::chrono::seconds{20};  // twice the beat at which delivery says that it is alive

// Delivery starts at `now` and was last alive at `alive` by the clock of that life: a long silence is a pause. After a step back
// the future has no pauses: what is cut off is at most the step, and so much less time is counted for everybody.
// `pauses`: ascending and apart from each other, before and after.
void begin_life(Pauses& pauses, WallTime alive, WallTime now);

// A schedule of the future was written by a clock that was ahead. Its wait begins now, so that nobody waits for days; its
// period began now at the latest. Of a period at most the step is counted a second time: nobody is given up early. What was
// never tried is looked at within a minute, since the hold it waited for may be over; but what its sender wants released later
// (`release_key`) keeps its time, which was named and not reckoned.
void bring_back(spool::Schedule& schedule, WallTime now);
void bring_back(spool::DeferredTimes& times, std::string_view destination, WallTime now);

}  // namespace hikyaku::delivery
