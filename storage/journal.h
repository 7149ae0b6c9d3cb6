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
#include <span>
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

constexpr std::uint32_t largest_head_octets = 1 << 20;

// What a record holds is its user's affair; the journal knows two parts, so that heads can be read without bodies.
struct Record {
  std::string_view head;               // at most largest_head_octets: an envelope, an outcome
  std::vector<std::string_view> body;  // written in order, without copying
};
// What a record costs of a segment, at most: its head is kept twice, the second time in the index.
[[nodiscard]] std::uint64_t octets_of(const Record& record);

struct RecordHead {
  Position at;
  std::string head;
  std::uint32_t body_octets = 0;
};

// Of a record's body: checksum(body, seed) == value (base/checksum.h).
struct BodyChecksum {
  std::uint64_t octets = 0;
  std::uint64_t seed = 0;
  std::uint64_t value = 0;
};

// What a reader got, and where it goes on.
struct HeadsPage {
  std::vector<RecordHead> heads;        // in order
  Position next;                        // give it to the next heads()
  std::vector<SegmentNumber> finished;  // segments read to their end on this page: no record will follow in them
};

// A segment that nobody released.
struct SegmentFacts {
  SegmentNumber number;
  std::uint64_t seed = 0;                // no other segment has it, before or after: what is noted elsewhere of this one carries it
  std::optional<std::uint32_t> end;      // its records end there; nothing: more may follow
  std::optional<std::uint32_t> records;  // so many; not known of all that ended
};

enum class JournalFailure : std::uint8_t {
  NoSpace,      // disk at its mark or no segment to write to: 452, the queue must drain
  FlushFailed,  // the whole group is void; the segment is closed, later appends go to a new one
  TooLarge,     // keep such a body as a blob and append its name
  Gone,         // the segment was released (and maybe reused): the reader must abandon the attempt
  Damaged,      // checksum wrong below the durable position
  NotOwner,     // somebody else holds the journal, or this writer was closed
  Broken,
};
struct JournalError {
  JournalFailure kind;
  std::string what;
};
template <class T = void>
using JournalResult = Result<T, JournalError>;

struct JournalUsage {
  std::uint64_t segments = 0;        // holding records that nobody released
  std::uint64_t spare_segments = 0;  // ready to be written
  std::uint64_t octets_on_disk = 0;
  std::uint64_t octets_free = 0;     // on the device
};

// One process, one writer. append, write, flush, seal and close are called by one thread at a time (the flusher);
// tend_pool and the numbers by any thread meanwhile.
class JournalWriter {
 public:
  virtual ~JournalWriter() = default;
  // write() and flush() in one: one write and one flush. All positions, or an error for the whole group: then none of
  // it is ever shown to a reader. A power cut leaves the group whole or not at all. TooLarge above largest_group().
  virtual JournalResult<std::vector<Position>> append(std::span<const Record> group) = 0;
  // Hands the group to the operating system: it survives the death of this process, not yet a power cut, and no reader
  // sees it before flush(). May flush what was written before, when a segment is full. NoSpace and TooLarge are of this
  // group alone; after any other error all that was not flushed is void, earlier groups included.
  virtual JournalResult<std::vector<Position>> write(std::span<const Record> group) = 0;
  // Makes durable and visible what was written. After an error all of it is void.
  virtual JournalResult<> flush() = 0;
  // Flushes and closes the open segment, with an index of its heads; the next append opens another. Nothing when no
  // segment is open.
  virtual JournalResult<> seal() = 0;
  // Looks at what the reader released, recycles it, lets the pool grow or shrink, pre-writes spares. The segments given
  // back since the last call: what else belonged to them (blobs) may go. Call every second or so, off the append path.
  virtual JournalResult<std::vector<SegmentNumber>> tend_pool() = 0;
  // Seals and gives up ownership. Later calls answer NotOwner. The destructor does it too, without telling of errors.
  virtual JournalResult<> close() = 0;
  // The sum of octets_of() that one group may have.
  [[nodiscard]] virtual std::uint64_t largest_group() const = 0;
  // Rises with every owner of this journal, for ever; part of the trace id.
  [[nodiscard]] virtual std::uint64_t fencing_token() const = 0;
  // SegmentFacts::seed of the segment that the last group went to; 0 before the first one.
  [[nodiscard]] virtual std::uint64_t segment_seed() const = 0;
  // Flushes done since opening: benchmarks that claim durability print it.
  [[nodiscard]] virtual std::uint64_t flush_count() const = 0;
  // Records found damaged below the durable position when this owner settled its predecessor's segments.
  [[nodiscard]] virtual std::uint64_t damaged_records() const = 0;
  [[nodiscard]] virtual JournalUsage usage() const = 0;
};

// The consumer's side; many threads. One process at a time releases.
class JournalReader {
 public:
  virtual ~JournalReader() = default;
  // Nothing at or beyond this position may be acted on. Cheap: one small read.
  virtual JournalResult<Position> durable_end() = 0;
  // The heads at and after `from`, in order, at most `limit`, none beyond durable_end, none of a released segment. Of a
  // sealed segment only the index is read. Damage is skipped and counted in damaged_records(). Position{}: the oldest.
  virtual JournalResult<HeadsPage> heads(Position from, std::size_t limit) = 0;
  // Ranged read of a record's body, shorter at its end; its checksum is verified when the range is the whole body.
  // The segment's generation is checked after the read: Gone if it changed.
  virtual JournalResult<std::string> body(Position at, std::uint64_t offset, std::uint64_t octets) = 0;
  // The same of a whole body of `octets`, for event loops: it waits neither for the disk nor for another thread. `at` is of a
  // head that heads() gave. Nothing when it cannot be had so, whatever the reason: body() tells.
  virtual std::optional<std::string> body_at_hand(Position at, std::uint64_t octets) = 0;
  virtual JournalResult<std::string> head(Position at) = 0;
  // For who reads a body in pieces, and must know that together they are what was appended.
  virtual JournalResult<BodyChecksum> body_checksum(Position at) = 0;
  // Segments that no record will follow in and nobody released, ascending. Reads no records.
  virtual JournalResult<std::vector<SegmentNumber>> finished_segments() = 0;
  // Those that nobody released and that durable_end() has reached, ascending. Reads no records, and headers of new ones only.
  virtual JournalResult<std::vector<SegmentFacts>> segments() = 0;
  // Segments with records that nobody released and whose file is not there, ascending; of several in a row perhaps the last alone. Only who releases may
  // ask: another's knowledge of it may be old. Reads every header.
  virtual JournalResult<std::vector<SegmentNumber>> missing_segments() { return std::vector<SegmentNumber>{}; }
  // The caller is done with every record of the segment for ever. Durable when it returns. Repeating is fine.
  virtual JournalResult<> release(SegmentNumber segment) = 0;
  [[nodiscard]] virtual std::uint64_t damaged_records() const = 0;
};

}  // namespace hikyaku::storage
