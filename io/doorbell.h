// Doorbell: one process tells another that there is something to do. A hint, never the truth: whoever waits also looks
// by itself from time to time. Rings that come before they are heard count as one.
#pragma once

#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>

#include "base/task.h"
#include "io/descriptor.h"
#include "io/loop.h"
#include "io/system_error.h"

namespace hikyaku::io {

class Doorbell {
 public:
  // A new one, to be inherited by (or passed to) the processes that share it.
  [[nodiscard]] static Doorbell make() {
    Descriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor) throw std::runtime_error(describe_errno("eventfd", "for a doorbell", errno));
    return Doorbell(std::move(descriptor));
  }
  explicit Doorbell(Descriptor inherited) : descriptor_(std::move(inherited)) {}

  // Never waits. Thread-safe.
  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_.get(), &one, sizeof one);
  }
  // Ready when it has been rung since the last time. One process listens.
  Task<Wake> heard(Loop& loop, Deadline deadline) const {
    for (;;) {
      std::uint64_t rings = 0;
      if (::read(descriptor_.get(), &rings, sizeof rings) == sizeof rings) co_return Wake::Ready;
      const Wake outcome = co_await loop.readable(descriptor_.get(), deadline);
      if (outcome != Wake::Ready) co_return outcome;
    }
  }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

 private:
  Descriptor descriptor_;
};

}  // namespace hikyaku::io
