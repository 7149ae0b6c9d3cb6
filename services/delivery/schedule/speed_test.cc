// Which slots those may have who take connections and finish nothing.
#include <doctest/doctest.h>

#include "services/delivery/schedule/scheduler.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime start{std::chrono::seconds{1'700'000'000}};

std::string key_of(int n) { return "host:inner" + std::to_string(n) + ":25"; }

void admit(Scheduler& scheduler, int n) {
  static std::uint32_t number = 0;
  RemoteJob job{{{1, 1, 1, ++number}, 0, {}}, {0}, nullptr, {}, {}};
  scheduler.claim(job.ref.id, 0);
  REQUIRE(scheduler.admit(Lane::Fresh, key_of(n), job, 0, start) == Scheduler::Admission::Queued);
}

Message one_recipient() {
  Message message;
  message.envelope.recipients.push_back({{"a", "b.example"}, "", {}});
  return message;
}

// Slots that are taken until none is given; each gets its connection at once.
int started(Scheduler& scheduler) {
  int count = 0;
  while (auto slot = scheduler.next()) {
    REQUIRE(scheduler.take(*slot));
    scheduler.session_opened(slot->destination, start);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("who takes connections and finishes nothing leaves a quarter of a lane to those who do") {
  Scheduler scheduler;
  SchedulerSettings settings;
  settings.lanes = {.slots = 40, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 1};
  scheduler.configure(std::move(settings));
  for (int n = 0; n < 60; ++n) admit(scheduler, n);
  CHECK(started(scheduler) == 30);
  // One that finishes what it was given: it is slow or not, but it is known.
  for (int n = 100; n < 105; ++n) {
    admit(scheduler, n);
    scheduler.session_opened(key_of(n), start);
    scheduler.concluded(key_of(n), one_recipient(), {{0, AttemptResult::Relayed}}, std::chrono::seconds{1}, start);
  }
  CHECK(started(scheduler) == 5);
  for (int n = 0; n < 60; ++n) scheduler.runs_long(key_of(n));
  for (int n = 0; n < 60; ++n) scheduler.session_opened(key_of(n), start, Scheduler::Session::Kept);  // another of its connections says nothing else
  CHECK(started(scheduler) == 0);
}

TEST_CASE("who fell silent is to finish something before it counts as usual again") {
  Destination destination;
  destination.served();
  CHECK(destination.serves());
  CHECK(destination.silent(start, {}, 0));
  CHECK(!destination.serves());
  (void)destination.answered(start, Duration{});
  CHECK(destination.proven());
  CHECK(!destination.serves());
}
