// SegmentPool: which files of a journal hold which segment and which are free to be written. It makes new ones (whole,
// with zeros, away from the append path), takes back what the reader released, and removes what is no longer needed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "storage/file_journal.h"
#include "storage/journal_folder.h"

namespace hikyaku::storage {

class SegmentPool {
 public:
  SegmentPool(const JournalFolder& folder, const FileJournalOptions& options) : folder_(folder), options_(options) {}

  // Once, at opening. Released segments become spares.
  JournalResult<> load(const SegmentTable& table, const ReleasedSegments& released);

  struct Taken {
    std::uint32_t slot = 0;
    std::unique_ptr<io::File> file;
  };
  // A file for a new segment: a spare, or one made at once (not pre-written: slower, never wrong). NoSpace at the marks.
  JournalResult<Taken> take();
  // What became of it.
  void now_holds(std::uint32_t slot, std::uint64_t number);
  void distrust(std::uint32_t slot);  // a flush of it failed before it held anything: not used again by this owner
  // Its end is told by its successor's header alone: nothing after it is recycled before it.
  void ended_by_successor(std::uint64_t number);

  // See JournalWriter::tend_pool. Any thread.
  JournalResult<std::vector<SegmentNumber>> tend();
  // Whether the marks allow an append; asks the disk again only while they do not.
  JournalResult<> check_space();
  [[nodiscard]] JournalUsage usage() const;

 private:
  JournalResult<bool> is_below_mark(std::uint64_t more_octets) const;
  JournalResult<std::vector<SegmentNumber>> recycle();
  JournalResult<> shrink_and_grow();
  JournalResult<std::unique_ptr<io::File>> make_file(std::uint32_t slot, bool write_ahead);
  [[nodiscard]] std::uint64_t all_slots() const { return live_.size() + spares_.size() + distrusted_.size(); }

  const JournalFolder& folder_;
  const FileJournalOptions options_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::uint32_t> live_;  // number -> slot
  std::vector<std::uint32_t> spares_;
  std::vector<std::uint32_t> distrusted_;
  std::set<std::uint64_t> odd_sized_;  // live, of another size than new ones: removed when released
  std::set<std::uint64_t> unsealed_;
  std::uint32_t next_slot_ = 1;
  std::uint32_t taken_since_tend_ = 0;
  std::uint64_t free_octets_ = 0;
  bool full_ = false;
};

}  // namespace hikyaku::storage
