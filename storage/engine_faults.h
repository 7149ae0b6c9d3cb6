// EngineFaults: the unpleasantness the Engine contract permits, on order. MemoryEngine asks it at every call, so that
// a test of what stands above can make the n-th call go wrong, for every n, or many by a seed.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <random>

namespace hikyaku::storage {

enum class EngineFault : std::uint8_t {
  None,
  Conflict,        // commits: the batch is refused, nothing changed
  OutcomeApplied,  // commits: OutcomeUnknown, and it did happen; put_blobs: likewise, the bodies are orphans
  OutcomeLost,     // commits and put_blobs: OutcomeUnknown, and it did not happen
  Timeout,         // any call: nothing happened
  NoSpace,         // commits and put_blobs: nothing happened
  LateRing,        // commits: watchers are called only at the engine's next call
  LostRing,        // commits: watchers are never called for this one
};

// Thread-safe. Without orders every call is answered None.
class EngineFaults {
 public:
  // The n-th call from now, counted from 0 (each batch of a group is a call of its own).
  void at(std::uint64_t n, EngineFault fault);
  // From now on each call goes wrong with `probability`, in a way drawn from the seed. 0 ends it.
  void seeded(std::uint64_t seed, double probability);
  [[nodiscard]] EngineFault next();
  [[nodiscard]] std::uint64_t calls() const;
  // How many orders of at() are still waiting; 0 says the fault was hit (or none was ordered).
  [[nodiscard]] std::size_t waiting() const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::map<std::uint64_t, EngineFault> orders_;
  std::mt19937_64 random_;
  double probability_ = 0;
};

}  // namespace hikyaku::storage
