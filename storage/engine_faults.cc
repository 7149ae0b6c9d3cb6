#include "storage/engine_faults.h"

namespace hikyaku::storage {

void EngineFaults::at(std::uint64_t n, EngineFault fault) {
  const std::lock_guard hold(mutex_);
  orders_[calls_ + n] = fault;
}

void EngineFaults::seeded(std::uint64_t seed, double probability) {
  const std::lock_guard hold(mutex_);
  random_.seed(seed);
  probability_ = probability;
}

EngineFault EngineFaults::next() {
  const std::lock_guard hold(mutex_);
  const auto call = calls_++;
  if (const auto order = orders_.find(call); order != orders_.end()) {
    const auto fault = order->second;
    orders_.erase(order);
    return fault;
  }
  if (probability_ <= 0 || std::uniform_real_distribution<>{}(random_) >= probability_) return EngineFault::None;
  return static_cast<EngineFault>(1 + random_() % 7);
}

std::uint64_t EngineFaults::calls() const {
  const std::lock_guard hold(mutex_);
  return calls_;
}

std::size_t EngineFaults::waiting() const {
  const std::lock_guard hold(mutex_);
  return orders_.size();
}

}  // namespace hikyaku::storage
