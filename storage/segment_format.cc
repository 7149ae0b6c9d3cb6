#include "storage/segment_format.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/wire.h"

namespace hikyaku::storage {
namespace {
constexpr std::uint64_t header_magic = 0x0031474553594b48;    // "HKYSEG1"
constexpr std::uint64_t footer_magic = 0x00314c4145534b48;    // "HKSEAL1"
constexpr std::uint64_t position_magic = 0x00314e534f504b48;  // "HKPOSN1"
constexpr std::uint64_t released_magic = 0x00314c4552594b48;  // "HKYREL1"
constexpr std::uint32_t record_magic = 0x31524b48;            // "HKR1"
constexpr std::uint32_t first_flag = 1, last_flag = 2;

std::string with_checksum(WireWriter out, std::uint64_t seed) {
  const auto sum = checksum(out.bytes(), seed);
  out.u64(sum);
  return std::move(out).bytes();
}

// The fields after a valid checksum of the first `octets` octets and the magic; broken reader otherwise.
WireReader checked(std::string_view block, std::size_t octets, std::uint64_t magic, std::uint64_t seed) {
  if (block.size() < octets + 8) return WireReader(std::string_view{});
  WireReader sum(block.substr(octets, 8));
  if (sum.u64() != checksum(block.substr(0, octets), seed)) return WireReader(std::string_view{});
  WireReader in(block.substr(0, octets));
  return in.u64() == magic ? in : WireReader(std::string_view{});
}

void put(std::string& out, std::uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
}  // namespace

std::string encode(const SegmentHeader& header) {
  WireWriter out;
  out.u64(header_magic).u64(header.number).u64(header.owner).u64(header.segment_octets).u64(header.nonce);
  out.u64(header.previous).u32(header.previous_end).u32(0);
  auto block = with_checksum(std::move(out), 0);
  block.resize(block_octets);
  return block;
}

std::optional<SegmentHeader> parse_segment_header(std::string_view octets) {
  auto in = checked(octets, 56, header_magic, 0);
  SegmentHeader header;
  header.number = in.u64();
  header.owner = in.u64();
  header.segment_octets = in.u64();
  header.nonce = in.u64();
  header.previous = in.u64();
  header.previous_end = in.u32();
  if (in.broken() || header.number == 0 || header.segment_octets < smallest_segment_octets ||
      header.segment_octets > UINT32_MAX || header.segment_octets % block_octets != 0 ||
      header.previous >= header.number)
    return std::nullopt;
  return header;
}

std::string encode(const SegmentFooter& footer, std::uint64_t nonce) {
  WireWriter out;
  out.u64(footer_magic).u64(footer.number).u32(footer.end).u32(footer.index_at).u32(footer.index_octets);
  out.u32(footer.records).u64(footer.index_checksum);
  auto block = with_checksum(std::move(out), nonce);
  block.resize(block_octets);
  return block;
}

std::optional<SegmentFooter> parse_segment_footer(std::string_view octets, const SegmentHeader& header) {
  auto in = checked(octets, 40, footer_magic, header.nonce);
  SegmentFooter footer;
  footer.number = in.u64();
  footer.end = in.u32();
  footer.index_at = in.u32();
  footer.index_octets = in.u32();
  footer.records = in.u32();
  footer.index_checksum = in.u64();
  const auto room = header.segment_octets - block_octets;
  if (in.broken() || footer.number != header.number || footer.end < block_octets || footer.end > room ||
      std::uint64_t{footer.index_at} + footer.index_octets > room)
    return std::nullopt;
  return footer;
}

void encode(const RecordHeader& header, std::string_view head, std::uint64_t nonce, std::string& out) {
  const auto start = out.size();
  out.append(8, '\0');
  put(out, record_magic, 4);
  put(out, (header.first_of_batch ? first_flag : 0) | (header.last_of_group ? last_flag : 0), 4);
  put(out, header.head_octets, 4);
  put(out, header.body_octets, 4);
  put(out, header.generation, 8);
  put(out, header.offset, 4);
  put(out, header.previous_end, 4);
  put(out, header.body_checksum, 8);
  out.append(head);
  const auto sum = checksum(std::string_view(out).substr(start + 8), nonce);
  for (int i = 0; i < 8; ++i) out[start + static_cast<std::size_t>(i)] = static_cast<char>(sum >> (8 * i));
}

std::optional<RecordHeader> parse_record_header(std::string_view octets, std::uint64_t generation,
                                                std::uint32_t offset, std::uint64_t end) {
  if (octets.size() < record_header_octets) return std::nullopt;
  WireReader in(octets.substr(8, record_header_octets - 8));
  if (in.u32() != record_magic) return std::nullopt;
  const auto flags = in.u32();
  RecordHeader header;
  header.first_of_batch = (flags & first_flag) != 0;
  header.last_of_group = (flags & last_flag) != 0;
  header.head_octets = in.u32();
  header.body_octets = in.u32();
  header.generation = in.u64();
  header.offset = in.u32();
  header.previous_end = in.u32();
  header.body_checksum = in.u64();
  if (header.generation != generation || header.offset != offset || header.head_octets > largest_head_octets ||
      offset + header.octets() > end || header.previous_end > offset)
    return std::nullopt;
  return header;
}

bool head_is_whole(std::string_view octets, std::uint64_t nonce) {
  WireReader sum(octets.substr(0, 8));
  return sum.u64() == checksum(octets.substr(8), nonce);
}

void add_to_index(std::string& index, const IndexEntry& entry) {
  put(index, entry.offset, 4);
  put(index, entry.body_octets, 4);
  put(index, entry.head.size(), 4);
  index.append(entry.head);
}

std::optional<std::vector<IndexEntry>> parse_index(std::string_view index, std::uint32_t end) {
  std::vector<IndexEntry> entries;
  std::uint32_t after = 0;
  while (!index.empty()) {
    WireReader in(index);
    IndexEntry entry;
    entry.offset = in.u32();
    entry.body_octets = in.u32();
    const auto head_octets = in.u32();
    if (in.broken() || head_octets > in.rest().size() || entry.offset < after || entry.offset < block_octets ||
        entry.offset >= end)
      return std::nullopt;
    entry.head = in.rest().substr(0, head_octets);
    index = in.rest().substr(head_octets);
    after = entry.offset + 1;
    entries.push_back(entry);
  }
  return entries;
}

std::string encode(const PublishedPosition& position) {
  WireWriter out;
  out.u64(position_magic).u64(position.durable_end.segment.value()).u32(position.durable_end.offset).u64(position.owner);
  return with_checksum(std::move(out), 0);
}

std::optional<PublishedPosition> parse_position(std::string_view octets) {
  auto in = checked(octets, 28, position_magic, 0);
  PublishedPosition position;
  position.durable_end.segment = SegmentNumber{in.u64()};
  position.durable_end.offset = in.u32();
  position.owner = in.u64();
  if (in.broken()) return std::nullopt;
  return position;
}

bool ReleasedSegments::contains(std::uint64_t number) const {
  const auto after = std::ranges::upper_bound(ranges_, number, {}, &Range::from);
  return after != ranges_.begin() && number < std::prev(after)->until;
}

void ReleasedSegments::add(std::uint64_t from, std::uint64_t until) {
  if (from >= until) return;
  const auto first = std::ranges::lower_bound(ranges_, from, {}, &Range::until);  // touching ranges become one
  auto last = first;
  for (; last != ranges_.end() && last->from <= until; ++last) {
    from = std::min(from, last->from);
    until = std::max(until, last->until);
  }
  ranges_.insert(ranges_.erase(first, last), {from, until});
}

std::string encode(const ReleasedSegments& released) {
  WireWriter out;
  out.u64(released_magic).varint(released.ranges().size());
  for (const auto& range : released.ranges()) out.u64(range.from).u64(range.until);
  return with_checksum(std::move(out), 0);
}

std::optional<ReleasedSegments> parse_released(std::string_view octets) {
  if (octets.size() < 8) return std::nullopt;
  auto in = checked(octets, octets.size() - 8, released_magic, 0);
  const auto count = in.varint();
  if (in.broken() || count > in.rest().size() / 16) return std::nullopt;
  ReleasedSegments released;
  for (std::uint64_t i = 0, last = 0; i < count; ++i) {
    const auto from = in.u64(), until = in.u64();
    if (from >= until || (i > 0 && from <= last)) return std::nullopt;
    released.add(from, until);
    last = until;
  }
  if (!in.complete()) return std::nullopt;
  return released;
}

}  // namespace hikyaku::storage
