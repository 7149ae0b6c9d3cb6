#include "storage/segment_pool.h"

#include <algorithm>

namespace hikyaku::storage {
namespace {
constexpr std::uint64_t write_ahead_octets = 1 << 20;
}

JournalResult<> SegmentPool::load(const SegmentTable& table, const ReleasedSegments& released) {
  const std::lock_guard lock(mutex_);
  next_slot_ = table.highest_slot + 1;
  for (const auto& [number, entry] : table.segments) {
    if (!released.contains(number)) {
      live_[number] = entry.slot;
      if (entry.header.segment_octets != options_.segment_octets) odd_sized_.insert(number);
      continue;
    }
    if (entry.header.segment_octets == options_.segment_octets) {
      spares_.push_back(entry.slot);
      continue;
    }
    HIKYAKU_TRY_DISK_VOID(folder_.disk().remove(folder_.slot_file(entry.slot)));
  }
  for (const auto slot : table.blank_slots) {
    HIKYAKU_TRY_DISK(info, folder_.disk().info(folder_.slot_file(slot)));
    if (info.size == options_.segment_octets) {
      spares_.push_back(slot);
    } else {
      HIKYAKU_TRY_DISK_VOID(folder_.disk().remove(folder_.slot_file(slot)));
    }
  }
  TRY(below, is_below_mark(0));
  full_ = below;
  return {};
}

JournalResult<bool> SegmentPool::is_below_mark(std::uint64_t more_octets) const {
  HIKYAKU_TRY_DISK(free, folder_.disk().free_octets(folder_.path()));
  const_cast<SegmentPool*>(this)->free_octets_ = free;
  return free < options_.reserve_octets || free - options_.reserve_octets < more_octets;
}

JournalResult<> SegmentPool::check_space() {
  const std::lock_guard lock(mutex_);
  if (!full_) return {};
  TRY(below, is_below_mark(0));
  full_ = below;
  if (full_) return failure(JournalError{JournalFailure::NoSpace, folder_.path() + ": the disk is at its high-water mark"});
  return {};
}

JournalResult<SegmentPool::Taken> SegmentPool::take() {
  std::uint32_t slot = 0;
  bool fresh = false;
  {
    const std::lock_guard lock(mutex_);
    if (live_.size() >= options_.most_octets / options_.segment_octets)
      return failure(JournalError{JournalFailure::NoSpace, folder_.path() + ": the journal has its largest size"});
    fresh = spares_.empty();
    TRY(below, is_below_mark(fresh ? options_.segment_octets : 0));
    if (below) {
      full_ = true;
      return failure(JournalError{JournalFailure::NoSpace, folder_.path() + ": the disk is at its high-water mark"});
    }
    if (fresh) {
      slot = next_slot_++;
    } else {
      slot = spares_.back();
      spares_.pop_back();
    }
    ++taken_since_tend_;
  }
  auto file = fresh ? make_file(slot, false) : [&]() -> JournalResult<std::unique_ptr<io::File>> {
    HIKYAKU_TRY_DISK(opened, folder_.disk().open(folder_.slot_file(slot), io::OpenMode::ReadWrite));
    return opened;
  }();
  if (!file) {
    if (!fresh) distrust(slot);
    return failure(file.error());
  }
  return Taken{slot, *std::move(file)};
}

void SegmentPool::now_holds(std::uint32_t slot, std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  live_[number] = slot;
}

void SegmentPool::distrust(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  distrusted_.push_back(slot);
}

void SegmentPool::ended_by_successor(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  unsealed_.insert(number);
}

JournalResult<std::vector<SegmentNumber>> SegmentPool::tend() {
  TRY(recycled, recycle());
  TRY_VOID(shrink_and_grow());
  return recycled;
}

JournalResult<std::vector<SegmentNumber>> SegmentPool::recycle() {
  TRY(released, folder_.read_released());
  std::vector<SegmentNumber> recycled;
  std::vector<std::uint32_t> to_remove;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = live_.begin(); at != live_.end();) {
      const auto [number, slot] = *at;
      const bool waits = std::ranges::any_of(unsealed_, [&](auto one) { return one < number; });
      if (!released.contains(number) || waits) {
        ++at;
        continue;
      }
      unsealed_.erase(number);
      (odd_sized_.erase(number) > 0 ? to_remove : spares_).push_back(slot);
      recycled.emplace_back(number);
      at = live_.erase(at);
    }
    TRY(below, is_below_mark(0));
    full_ = below;
  }
  for (const auto slot : to_remove) HIKYAKU_TRY_DISK_VOID(folder_.disk().remove(folder_.slot_file(slot)));
  return recycled;
}

// Spares follow the demand: as many as were taken since the last look, twice over, but never less than asked for.
JournalResult<> SegmentPool::shrink_and_grow() {
  std::vector<std::uint32_t> to_make, to_remove;
  {
    const std::lock_guard lock(mutex_);
    // Spares are space too: on a full disk they are given back, or reception might never go on again.
    TRY(full, is_below_mark(0));
    const std::size_t wanted = full ? 0 : std::max(options_.spare_segments, 2 * taken_since_tend_);
    taken_since_tend_ = 0;
    while (spares_.size() > wanted) to_remove.push_back(spares_.back()), spares_.pop_back();
    for (auto spares = spares_.size(); spares < wanted; ++spares) {
      const auto planned = (to_make.size() + 1) * options_.segment_octets;
      if (all_slots() * options_.segment_octets + planned > options_.most_octets) break;
      TRY(below, is_below_mark(planned));
      if (below) break;
      to_make.push_back(next_slot_++);
    }
  }
  for (const auto slot : to_remove) HIKYAKU_TRY_DISK_VOID(folder_.disk().remove(folder_.slot_file(slot)));
  for (const auto slot : to_make) {
    TRY(file, make_file(slot, true));
    const std::lock_guard lock(mutex_);
    spares_.insert(spares_.begin(), slot);
  }
  return {};
}

// Under another name until it is whole, so that an owner that dies here leaves no half spare.
JournalResult<std::unique_ptr<io::File>> SegmentPool::make_file(std::uint32_t slot, bool write_ahead) {
  auto& disk = folder_.disk();
  const auto name = folder_.slot_file(slot), unfinished = name + ".new";
  HIKYAKU_TRY_DISK(file, disk.open(unfinished, io::OpenMode::Create));
  const auto fill = [&]() -> io::DiskResult<> {
    if (!write_ahead) return file->resize(options_.segment_octets);
    const std::string zeros(std::min(write_ahead_octets, options_.segment_octets), '\0');
    for (std::uint64_t at = 0; at < options_.segment_octets; at += zeros.size())
      TRY_VOID(file->write_at(at, std::string_view(zeros).substr(0, options_.segment_octets - at)));
    return file->flush();
  };
  if (auto filled = fill(); !filled) {
    (void)disk.remove(unfinished);
    return failure(journal_error(filled.error()));
  }
  HIKYAKU_TRY_DISK_VOID(disk.rename(unfinished, name));
  HIKYAKU_TRY_DISK_VOID(disk.sync_folder(folder_.path()));
  return file;
}

JournalUsage SegmentPool::usage() const {
  const std::lock_guard lock(mutex_);
  return {live_.size(), spares_.size(), all_slots() * options_.segment_octets, free_octets_};
}

}  // namespace hikyaku::storage
