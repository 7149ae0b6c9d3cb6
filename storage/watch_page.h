// WatchPage: the versions of the partitions that were committed to since the machine started, and a bell, in memory
// that all processes share. It answers version() without opening a database, and wakes who watches.
//
// A writer holds the partition's lock, calls begin() before it commits and done() after: a version that is not exact
// is not there. Whoever dies between leaves "unknown", never an old version.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "storage/engine.h"
#include "storage/shared_page.h"

namespace hikyaku::storage {

class WatchPage {
 public:
  static constexpr std::uint32_t stripes = 1'024;

  explicit WatchPage(std::shared_ptr<SharedPage> page) : page_(std::move(page)) {}
  static std::size_t octets();
  static void initialize(void* data);

  // The partition's version, or nothing where it must be read from the database. No I/O.
  [[nodiscard]] std::optional<Version> version(std::uint64_t partition_hash) const;
  void begin(std::uint64_t partition_hash) const;
  // The version is exact from here on, and everybody who watches is rung.
  void done(std::uint64_t partition_hash, Version version) const;
  // The same without ringing: a version that was only looked up. Under the partition's lock too.
  void learned(std::uint64_t partition_hash, Version version) const;

  // For the thread that dispatches: waits until the bell differs from `seen` or the time is over; the bell now.
  std::uint32_t wait(std::uint32_t seen, Duration at_most) const;
  [[nodiscard]] std::uint32_t bell() const;
  // Changes with every done() of a partition of that stripe (hash modulo stripes).
  [[nodiscard]] std::uint32_t stripe(std::uint32_t number) const;
  // Wakes the waiters of this machine without a change.
  void ring() const;

 private:
  struct Slot;
  struct Layout;
  [[nodiscard]] Layout& layout() const;
  Slot* slot(std::uint64_t partition_hash, bool make) const;

  std::shared_ptr<SharedPage> page_;
};

}  // namespace hikyaku::storage
