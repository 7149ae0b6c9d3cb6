// The words the tests that play simulated_delivery.h have in common. For *_test.cc alone: it opens the namespaces they speak in.
#pragma once

#include <doctest/doctest.h>

#include "services/delivery/schedule/simulated_delivery.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using namespace hikyaku::delivery::simulation;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace hikyaku::delivery::simulation {

inline const Behaviour dead{.kind = Behaviour::Kind::Dead, .silence = FailureClass::ConnectionRefused};

// Both periods, of silence and of transient errors.
inline SchedulerSettings with_period(Duration period) {
  SchedulerSettings settings;
  settings.retry.base.no_answer_period = settings.retry.base.transient_period = period;
  return settings;
}

}  // namespace hikyaku::delivery::simulation
