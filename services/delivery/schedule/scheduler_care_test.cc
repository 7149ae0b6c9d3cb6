// What a scheduler does at a destination's moment though nothing happens there.
#include <doctest/doctest.h>

#include <algorithm>

#include "services/delivery/schedule/scheduler.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr WallTime start{seconds{1'700'000'000}};
const std::string key = "host:inner:25";

Scheduler made() {
  Scheduler scheduler;
  SchedulerSettings settings;
  settings.lanes = {.slots = 4, .reserved_fresh = 2, .reserved_retry = 1, .per_destination = 1};
  scheduler.configure(std::move(settings));
  return scheduler;
}

void admit(Scheduler& scheduler, std::uint32_t n, WallTime now) {
  RemoteJob job{{{1, 1, 1, n}, 0, {}}, {0}, nullptr, {}, {}};
  scheduler.claim(job.ref.id, 0);
  REQUIRE(scheduler.admit(Lane::Fresh, key, job, 0, now) == Scheduler::Admission::Queued);
}

bool knows(const Scheduler& scheduler) { return std::ranges::count(scheduler.destinations(), key) > 0; }

// Every second of it, as delivery does.
void tend(Scheduler& scheduler, WallTime from, WallTime until) {
  for (; from <= until; from += seconds{1}) scheduler.tend(from);
}

}  // namespace

TEST_CASE("what rests is forgotten ten minutes after its last use, and what has a session is not") {
  auto scheduler = made();
  scheduler.session_opened(key, start);
  tend(scheduler, start, start + minutes{25});
  CHECK(knows(scheduler));
  scheduler.session_closed(key);
  scheduler.session_opened(key, start + minutes{25});
  scheduler.session_closed(key);
  tend(scheduler, start + minutes{25}, start + minutes{35});
  CHECK(knows(scheduler));
  tend(scheduler, start + minutes{35}, start + minutes{46});
  CHECK(!knows(scheduler));
  scheduler.session_opened(key, start + minutes{50});  // it may come again
  CHECK(knows(scheduler));
}

TEST_CASE("what waits for a slot, or is down, is not forgotten") {
  auto scheduler = made();
  admit(scheduler, 1, start);
  tend(scheduler, start, start + minutes{30});
  CHECK(scheduler.waiting(Lane::Fresh) == 1);
  CHECK(knows(scheduler));
  auto down = made();
  Attempt failed;
  failed.failure = FailureClass::Timeout;
  std::vector<RemoteJob> untried;
  for (int n = 0; n < 10 && down.health(key) != Health::Down; ++n) (void)down.session_failed(key, failed, start, 0, untried);
  tend(down, start, start + minutes{30});
  CHECK(down.health(key) == Health::Down);
}

TEST_CASE("a pause ends at its moment, a second one too") {
  auto scheduler = made();
  for (const WallTime from : {start, start + minutes{3}}) {
    admit(scheduler, from == start ? 1 : 2, from);
    scheduler.pause(key, from + seconds{15});
    tend(scheduler, from, from + seconds{14});
    CHECK(!scheduler.next());
    scheduler.tend(from + seconds{15});
    auto slot = scheduler.next();
    REQUIRE(slot);
    CHECK(scheduler.take(*slot));
    scheduler.release(*slot, from + seconds{15});
  }
}

TEST_CASE("a hold ends at its moment, and one that was made longer not before") {
  auto scheduler = made();
  scheduler.session_opened(key, start);
  scheduler.hold(key, start, start + minutes{5}, "maintenance");
  tend(scheduler, start, start + minutes{4});
  scheduler.hold(key, start + minutes{4}, start + minutes{30}, "longer");
  tend(scheduler, start + minutes{4}, start + minutes{29});
  CHECK(scheduler.health(key) == Health::Held);
  tend(scheduler, start + minutes{29}, start + minutes{30});
  CHECK(scheduler.health(key) == Health::Healthy);
  scheduler.hold(key, start + minutes{31}, start + minutes{33}, "shorter than the next look");
  scheduler.tend(start + minutes{33});
  CHECK(scheduler.health(key) == Health::Healthy);
}
