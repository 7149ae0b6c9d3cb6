// A cause clock as log lines have it.
#pragma once

#include <array>

#include "services/delivery/why/cause_clock.h"
#include "services/telemetry/event.h"

namespace hikyaku::delivery {

class SpentTimes {
 public:
  explicit SpentTimes(const CauseClock& clock) {
    for (std::size_t n = 0; n < causes; ++n) named_[n] = {cause_name(static_cast<Cause>(n)), clock.of(static_cast<Cause>(n))};
  }
  // Views into this object.
  [[nodiscard]] std::span<const telemetry::NamedDuration> named() const { return named_; }

 private:
  std::array<telemetry::NamedDuration, causes> named_;
};

}  // namespace hikyaku::delivery
