// Journal: the second contract of durable state (the first is engine.h). An append-only sequence of records, owned
// by one writer process at a time, read by others, given back segment by segment. The spool is built of journals:
// incoming (receive writes, deliver reads and releases), holding and domains (deliver does all of it).
//
// Rules it keeps (docs/architecture.md, "The seven rules"): a record is durable when append returns; readers never see
// beyond the durable position; a failed flush is final for its segment; a segment's reuse raises its generation
// before the first new record; after an unclean end the next owner settles the tail.
// All calls block: the writer's run on its flusher thread, the reader's on workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong_id.h"

namespace hikyaku::storage {

// Segments are numbered from 1 for ever (a recycled file carries a new number: its generation).
using SegmentNumber = StrongId<struct SegmentNumberTag, std::uint64_t>;

struct Position {
  SegmentNumber segment;
  std::uint32_t offset = 0;  // octets from the segment's start
  friend auto operator<=>(const Position&, const Position&) = default;
};

// What a record holds is its user's affair; the journal knows two parts, so that heads can be read without bodies.
struct Record {
  std::string_view head;               // at most 1 MiB: an envelope, an outcome
  std::vector<std::string_view> body;  // written in order, without copying; at most segment size - 1 MiB in all
};

struct RecordHead {
  Position at;
  std::string head;
  std::uint32_t body_octets = 0;
};

enum class JournalFailure : std::uint8_t {
  NoSpace,      // disk at its mark or no segment to write to: 452, the queue must drain
  FlushFailed,  // the whole group is void; the segment is closed, later appends go to a new one
  TooLarge,     // keep such a body as a blob and append its name
  Gone,         // the segment was released (and maybe reused): the reader must abandon the attempt
  Damaged,      // checksum wrong below the durable position
  NotOwner,     // the lease is somebody else's
  Broken,
};
struct JournalError {
  JournalFailure kind;
  std::string what;
};
template <class T = void>
using JournalResult = Result<T, JournalError>;

// One process, one writer; append may be called by one thread at a time (the flusher).
class JournalWriter {
 public:
  virtual ~JournalWriter() = default;
  // Writes the group with one flush where it fits one segment. All positions, or an error for the whole group: then
  // none of it is ever shown to a reader.
  virtual JournalResult<std::vector<Position>> append(const std::vector<Record>& group) = 0;
  // Closes the open segment (its index of heads is written) and opens another.
  virtual JournalResult<> seal() = 0;
  // Looks at what the reader released, recycles it, shrinks or grows the pool. Call at leisure, off the append path.
  virtual JournalResult<> tend_pool() = 0;
  // Rises with every owner of this journal, for ever; part of the trace id.
  [[nodiscard]] virtual std::uint64_t fencing_token() const = 0;
  // Flushes done since opening: benchmarks that claim durability print it.
  [[nodiscard]] virtual std::uint64_t flush_count() const = 0;
};

// The consumer's side; many threads.
class JournalReader {
 public:
  virtual ~JournalReader() = default;
  // Nothing at or beyond this position may be acted on.
  virtual JournalResult<Position> durable_end() = 0;
  // The heads at and after `from`, in order, at most `limit`, none beyond durable_end. Of a sealed segment only the
  // index is read. Empty: nothing new. Damage below the durable position is skipped and counted in damaged_records().
  virtual JournalResult<std::vector<RecordHead>> heads(Position from, std::size_t limit) = 0;
  // Where to go on after `last` (the next record's position, in the next segment if need be).
  virtual JournalResult<Position> after(Position last) = 0;
  // Ranged read of a record's body; the whole record's checksum is verified when the range is the whole body.
  // The segment's generation is checked after the read: Gone if it changed.
  virtual JournalResult<std::string> body(Position at, std::uint64_t offset, std::uint64_t octets) = 0;
  virtual JournalResult<std::string> head(Position at) = 0;
  // The oldest segment that is not released; the place to start reading after a restart.
  virtual JournalResult<Position> oldest() = 0;
  // The caller is done with every record of the segment for ever. Durable when it returns.
  virtual JournalResult<> release(SegmentNumber segment) = 0;
  [[nodiscard]] virtual std::uint64_t damaged_records() const = 0;
};

}  // namespace hikyaku::storage
