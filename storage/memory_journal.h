// A journal in memory, for tests of what stands above the contract. It keeps every promise of journal.h towards
// readers and owners, forgets everything with the process, and fails on demand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/journal.h"

namespace hikyaku::storage {

// What writers and readers share, as processes share a folder. Thread-safe.
class MemoryJournal : public std::enable_shared_from_this<MemoryJournal> {
 public:
  struct Options {
    std::uint64_t segment_octets = 1 << 20;
    std::uint64_t most_segments = UINT64_MAX;  // NoSpace beyond
  };
  static std::shared_ptr<MemoryJournal> make(Options options);
  explicit MemoryJournal(Options options) : options_(options) {}

  JournalResult<std::unique_ptr<JournalWriter>> open_writer();  // NotOwner while there is one
  std::unique_ptr<JournalReader> open_reader();
  // The next flush fails so. The n-th append from now (from 1).
  void fail_flush(std::uint64_t nth, JournalFailure how);
  // The owner's process dies: what it wrote without flush stays, its writer answers NotOwner.
  void kill_owner();
  // Rots a record's body.
  void damage(Position at);

 private:
  friend class MemoryJournalWriter;
  friend class MemoryJournalReader;
  struct Kept {
    std::string head, body;
    bool damaged = false;
  };
  struct Segment {
    std::map<std::uint32_t, Kept> records;
    std::uint32_t durable_end = 0, end = 0;
    std::uint64_t octets = 0;
    bool sealed = false;
  };
  void settle();
  Segment* open_segment();

  const Options options_;
  std::mutex mutex_;
  std::map<std::uint64_t, Segment> segments_;
  std::set<std::uint64_t> released_;
  std::uint64_t next_number_ = 1, token_ = 0, owner_ = 0;  // owner_: the token of the living writer
  std::uint64_t flush_fails_in_ = 0;
  JournalFailure flush_failure_ = JournalFailure::FlushFailed;
  std::uint64_t flushes_ = 0;
};

}  // namespace hikyaku::storage
