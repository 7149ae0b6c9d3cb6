// Walking the records of one segment from its octets, past damage where that is known to be below the durable mark.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/disk.h"
#include "storage/segment_format.h"

namespace hikyaku::storage {

// Octets of a segment, wherever they are. A view lives until the next call.
class SegmentOctets {
 public:
  virtual ~SegmentOctets() = default;
  // Up to `octets` from `offset`, fewer at the end of the file.
  virtual io::DiskResult<std::string_view> view(std::uint64_t offset, std::uint64_t octets) = 0;
};

// Reads ahead in windows, so that a walk over small records costs one call each 64 KiB, and one over large ones reads their heads
// only.
class FileOctets final : public SegmentOctets {
 public:
  explicit FileOctets(io::File& file) : file_(file) {}
  io::DiskResult<std::string_view> view(std::uint64_t offset, std::uint64_t octets) override;

 private:
  io::File& file_;
  std::string window_;
  std::uint64_t window_at_ = 0;
};

struct ScannedRecord {
  RecordHeader header;
  std::string_view head;  // lives until the next call
};

// One record at `offset` with a whole head, or nothing.
io::DiskResult<std::optional<ScannedRecord>> record_at(SegmentOctets& octets, const SegmentHeader& segment,
                                                       std::uint64_t offset, std::uint64_t end);
io::DiskResult<bool> body_is_whole(SegmentOctets& octets, const SegmentHeader& segment, const RecordHeader& record);

// The records of [from, end), where `end` is durable: every one of them was there once. What is not any more is
// skipped and counted. Heads are verified, bodies are not.
class DurableWalk {
 public:
  DurableWalk(SegmentOctets& octets, const SegmentHeader& segment, std::uint32_t from, std::uint32_t end)
      : octets_(octets), segment_(segment), at_(from), end_(end) {}
  // Nothing: the end was reached.
  io::DiskResult<std::optional<ScannedRecord>> next();
  [[nodiscard]] std::uint32_t position() const { return static_cast<std::uint32_t>(at_); }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  SegmentOctets& octets_;
  const SegmentHeader& segment_;
  std::uint64_t at_;
  const std::uint64_t end_;
  std::uint64_t damaged_ = 0;
};

// The first record at or after block-aligned `from` that starts a batch; its batch proves that all before it was
// flushed. Nothing up to `end`.
io::DiskResult<std::optional<ScannedRecord>> next_batch(SegmentOctets& octets, const SegmentHeader& segment,
                                                        std::uint64_t from, std::uint64_t end);

// Where the log of a segment without a clean end stops: after the last whole group, or at `mark` (known to be durable)
// or the start of the last batch, whichever is furthest.
io::DiskResult<std::uint32_t> find_end(SegmentOctets& octets, const SegmentHeader& segment, std::uint32_t mark);

}  // namespace hikyaku::storage
