// The octets of a journal segment: header block, records, index, footer block. Pure: it builds and understands them,
// reads no file. Every checksum in a segment is seeded with the segment's nonce, which only the header tells, so that
// no mail can carry a forged record inside its text.
//
// Records are written in batches, one for each flush. A batch starts at a block of its own: a power cut tears only
// blocks that hold nothing flushed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/journal.h"

namespace hikyaku::storage {

constexpr std::uint32_t block_octets = 4096;  // page and physical sector
constexpr std::uint32_t record_header_octets = 48;
constexpr std::uint32_t smallest_segment_octets = 32 << 10;

constexpr std::uint64_t align_up(std::uint64_t octets, std::uint64_t to) { return (octets + to - 1) / to * to; }

struct SegmentHeader {
  std::uint64_t number = 0;          // the generation of the file it is in
  std::uint64_t owner = 0;           // fencing token of the writer
  std::uint64_t segment_octets = 0;
  std::uint64_t nonce = 0;
  // The segment before it and where that one ends, which settles it if it has no footer (a failed flush). What lies
  // between the two in number is void.
  std::uint64_t previous = 0;
  std::uint32_t previous_end = 0;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};
[[nodiscard]] std::string encode(const SegmentHeader& header);  // one block
[[nodiscard]] std::optional<SegmentHeader> parse_segment_header(std::string_view octets);

struct SegmentFooter {
  std::uint64_t number = 0;
  std::uint32_t end = block_octets;  // of the records
  std::uint32_t index_at = 0;
  std::uint32_t index_octets = 0;    // 0 with records > 0: no index was written
  std::uint32_t records = 0;
  std::uint64_t index_checksum = 0;
  friend bool operator==(const SegmentFooter&, const SegmentFooter&) = default;
};
[[nodiscard]] std::string encode(const SegmentFooter& footer, std::uint64_t nonce);  // one block
// Nothing when it is not the footer of this very segment.
[[nodiscard]] std::optional<SegmentFooter> parse_segment_footer(std::string_view octets, const SegmentHeader& header);

struct RecordHeader {
  bool first_of_batch = false;
  bool last_of_group = false;
  std::uint32_t head_octets = 0;
  std::uint32_t body_octets = 0;
  std::uint64_t generation = 0;
  std::uint32_t offset = 0;        // its own, in the segment
  std::uint32_t previous_end = 0;  // first of a batch: where the records before it end
  std::uint64_t body_checksum = 0;

  // Header, head, body and the padding to 8 octets.
  [[nodiscard]] std::uint64_t octets() const {
    return align_up(std::uint64_t{record_header_octets} + head_octets + body_octets, 8);
  }
};
// Appends header and head to `out`.
void encode(const RecordHeader& header, std::string_view head, std::uint64_t nonce, std::string& out);
// Understands the 48 octets; the head's checksum is not looked at yet. Nothing when it is no record header, or one of
// another place or generation, or reaches beyond `end`.
[[nodiscard]] std::optional<RecordHeader> parse_record_header(std::string_view octets, std::uint64_t generation,
                                                              std::uint32_t offset, std::uint64_t end);
// `octets`: the header and its head.
[[nodiscard]] bool head_is_whole(std::string_view octets, std::uint64_t nonce);

struct IndexEntry {
  std::uint32_t offset = 0;
  std::uint32_t body_octets = 0;
  std::string_view head;
};
void add_to_index(std::string& index, const IndexEntry& entry);
// Nothing when it is not well formed: ascending offsets below `end`, nothing left over.
[[nodiscard]] std::optional<std::vector<IndexEntry>> parse_index(std::string_view index, std::uint32_t end);

// Where the durable part ends, as the writer publishes it after every flush.
struct PublishedPosition {
  Position durable_end;
  std::uint64_t owner = 0;
};
[[nodiscard]] std::string encode(const PublishedPosition& position);
[[nodiscard]] std::optional<PublishedPosition> parse_position(std::string_view octets);

// Which segments the reader gave back, as ranges: a number once in it stays, because a file that was removed or used
// again may come back with its old content after a power cut.
class ReleasedSegments {
 public:
  [[nodiscard]] bool contains(std::uint64_t number) const;
  void add(std::uint64_t from, std::uint64_t until);  // from <= number < until
  [[nodiscard]] std::uint64_t highest() const { return ranges_.empty() ? 0 : ranges_.back().until - 1; }

  struct Range {
    std::uint64_t from = 0, until = 0;
  };
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }  // ascending, apart

 private:
  std::vector<Range> ranges_;
};
[[nodiscard]] std::string encode(const ReleasedSegments& released);
[[nodiscard]] std::optional<ReleasedSegments> parse_released(std::string_view octets);

}  // namespace hikyaku::storage
