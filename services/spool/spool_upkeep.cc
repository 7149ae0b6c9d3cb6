// What the spool does by itself: segments that are done go back, holding and the replies stay compact, snapshots are made.
#include <algorithm>

#include "services/spool/spill_folder.h"
#include "services/spool/spool_on_disk.h"

namespace hikyaku::spool {

SpoolResult<> SpoolOnDisk::tend() {
  TRY_VOID(flush());
  const auto found = find_journals();
  const auto done = done_and_flushed();
  {
    const std::lock_guard lock(write_mutex_);
    TRY_VOID(release(done));
    TRY_VOID(log_->tend());
  }
  if (!log_->holding_is_loaded()) return found;
  const auto compacted = tend_holding();
  // Told, but what cannot be read must not keep logs from being shortened.
  return !found ? found : compacted;
}

SpoolResult<> SpoolOnDisk::tend_holding() {
  std::unique_lock lock(write_mutex_);
  const auto compacted = compact_one();
  TRY(snapshot, log_->begin_snapshot(options_.snapshot_every_octets));
  TRY_VOID(holding_->tend());
  lock.unlock();
  if (snapshot) TRY_VOID(log_->write_snapshot(*snapshot));
  compact_replies();
  return compacted;
}

void SpoolOnDisk::compact_replies() {
  constexpr int pages_at_once = 64;
  for (int n = 0; n < pages_at_once; ++n)
    if (!log_->change_holding([](HeldTable& table) { return table.compact_replies(); })) return;
}

// Without write_mutex_: an account may take long, and nobody's outcome waits for it. A done segment stays done.
SpoolOnDisk::DoneSegments SpoolOnDisk::done_and_flushed() {
  Readers readers;
  FlushAccounts flush_accounts;
  {
    const std::scoped_lock lock(readers_mutex_, write_mutex_);
    readers = readers_;
    flush_accounts = flush_accounts_;
  }
  DoneSegments done;
  for (const auto& [number, one] : readers) {
    for (const auto segment : one->done_segments()) {
      const auto accounts = log_->with_state([&, journal = number](const DeliveryState& state) { return state.incoming.fed_accounts(journal, segment); });
      if (accounts.empty() || (flush_accounts && flush_accounts(accounts))) done.emplace_back(one, segment);
    }
  }
  return done;
}

// Lazy copies are on disk already; outcomes are before anything goes.
SpoolResult<> SpoolOnDisk::release(const DoneSegments& done) {
  if (done.empty()) return {};
  TRY_VOID(flush_log());
  for (const auto& [from, segment] : done) {
    TRY_VOID(from->release(segment));
    TRY_VOID(write({ReleasedRecord{from->number(), segment}}));
  }
  return {};
}

// The emptiest segment below the mark: its living texts move to the open one, the log learns their new places, and only
// then does it go.
SpoolResult<> SpoolOnDisk::compact_one() {
  TRY(finished, holding_->finished_segments());
  std::optional<storage::SegmentNumber> emptiest;
  std::uint64_t least = options_.holding_segment_octets / 100 * options_.compact_below_percent;
  for (const auto segment : finished) {
    const auto live = log_->with_state([&](const DeliveryState& state) { return state.holding.live_octets(segment); });
    if (live == 0) {
      TRY_VOID(flush_log());  // what made it empty
      TRY_VOID(holding_->release(segment));
    } else if (live < least && !uncompactable_.contains(segment)) {
      least = live;
      emptiest = segment;
    }
  }
  if (!emptiest) return {};
  const auto survivors = log_->with_state([&](const DeliveryState& state) { return state.holding.texts_of(*emptiest); });
  TRY(moved, holding_->copy(survivors));
  for (const auto& one : moved) TRY_VOID(write({one}));
  TRY_VOID(flush_log());
  // A text that could not be copied keeps its place: the segment stays until its mail is given up, and is not tried again.
  if (moved.size() < survivors.size()) {
    uncompactable_.insert(*emptiest);
    return {};
  }
  return holding_->release(*emptiest);
}

}  // namespace hikyaku::spool
