#include "storage/watch_page.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace hikyaku::storage {

struct WatchPage::Slot {
  std::atomic<std::uint64_t> partition;  // its name's hash; 0: free
  std::atomic<std::uint64_t> version;    // plus one; 0: unknown
};

struct WatchPage::Layout {
  static constexpr std::size_t slots_count = 65'536, probes = 32;
  std::atomic<std::uint32_t> bell;
  std::atomic<std::uint32_t> stripe[stripes];
  Slot slots[slots_count];
};

std::size_t WatchPage::octets() { return sizeof(Layout); }

void WatchPage::initialize(void*) {}  // all zeros is the first state

WatchPage::Layout& WatchPage::layout() const { return *static_cast<Layout*>(page_->data()); }

WatchPage::Slot* WatchPage::slot(std::uint64_t hash, bool make) const {
  hash = std::max<std::uint64_t>(hash, 1);
  auto& all = layout();
  for (std::size_t i = 0; i < Layout::probes; ++i) {
    auto& slot = all.slots[(hash + i) % Layout::slots_count];
    auto owner = slot.partition.load(std::memory_order_acquire);
    if (owner == 0 && !make) return nullptr;
    if (owner == 0 && slot.partition.compare_exchange_strong(owner, hash)) return &slot;
    if (owner == hash) return &slot;
  }
  return nullptr;  // a full neighbourhood: this partition's version is always read from its database
}

std::optional<Version> WatchPage::version(std::uint64_t hash) const {
  const auto* found = slot(hash, false);
  const auto value = found == nullptr ? 0 : found->version.load(std::memory_order_acquire);
  return value == 0 ? std::nullopt : std::optional(Version(value - 1));
}

void WatchPage::begin(std::uint64_t hash) const {
  if (auto* found = slot(hash, true)) found->version.store(0, std::memory_order_release);
}

void WatchPage::learned(std::uint64_t hash, Version version) const {
  if (auto* found = slot(hash, true)) found->version.store(version.value() + 1, std::memory_order_release);
}

void WatchPage::done(std::uint64_t hash, Version version) const {
  learned(hash, version);
  layout().stripe[hash % stripes].fetch_add(1, std::memory_order_release);
  ring();
}

void WatchPage::ring() const {
  auto& bell = layout().bell;
  bell.fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&bell), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::uint32_t WatchPage::bell() const { return layout().bell.load(std::memory_order_acquire); }
std::uint32_t WatchPage::stripe(std::uint32_t number) const { return layout().stripe[number].load(std::memory_order_acquire); }

std::uint32_t WatchPage::wait(std::uint32_t seen, Duration at_most) const {
  auto& bell = layout().bell;
  const timespec time{static_cast<time_t>(at_most.count() / 1'000'000'000), static_cast<long>(at_most.count() % 1'000'000'000)};
  if (bell.load(std::memory_order_acquire) == seen)
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&bell), FUTEX_WAIT, seen, &time, nullptr, 0);
  return bell.load(std::memory_order_acquire);
}

}  // namespace hikyaku::storage
