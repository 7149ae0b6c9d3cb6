// DigestKeeper: writes the digests (incoming_digest.h) of one incoming journal, in the process that writes the journal.
//
// What is accepted is gathered in memory and written without a flush as a part for each 1,024 messages; when a segment is full, its
// parts become one. A segment without a whole digest (an older version wrote it, the power failed) gets one by its heads. No trouble
// here is anybody's: the segment is read by its heads, and later tried again.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "io/disk.h"
#include "services/spool/incoming_digest.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

class DigestKeeper {
 public:
  static constexpr std::size_t usual_part = 1024;  // messages
  DigestKeeper(io::Disk& disk, std::string folder, std::size_t part = usual_part) : disk_(disk), folder_(std::move(folder)), part_(part) {}

  // Before the first add(): digests of segments that are no more go; those of the others are looked at by tend().
  void start();
  // The record is durable. add() and finish(): by one thread.
  void add(storage::Position at, std::uint64_t seed, const DigestEntry& entry);
  // What was gathered is written; the segment gets no more records.
  void finish();

  // Gives one segment its whole digest, that of 64 MiB in about 0.1 s at most; beside add(). False: there was none to give.
  bool tend();
  // The segment was given back.
  void forget(storage::SegmentNumber segment);

 private:
  void write_part();
  enum class Given : std::uint8_t { Before, Now, Not };  // not: it is gone, or still grows
  io::DiskResult<Given> settle(storage::SegmentNumber segment);
  // Of all its records: by the parts it has, then by the heads.
  io::DiskResult<> rewrite(storage::JournalReader& journal, const storage::SegmentFacts& segment);

  io::Disk& disk_;
  const std::string folder_;
  const std::size_t part_;
  // Of the segment that grows:
  storage::SegmentNumber segment_;
  std::uint64_t seed_ = 0, file_end_ = 0;
  std::uint32_t reached_ = 0;
  std::unique_ptr<io::File> file_;
  bool broken_ = false;  // a part could not be written: none behind it
  DigestRows rows_;

  std::mutex mutex_;
  std::deque<storage::SegmentNumber> waiting_;  // full, to be looked at
};

}  // namespace hikyaku::spool
