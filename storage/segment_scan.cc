#include "storage/segment_scan.h"

#include <algorithm>

#include "base/checksum.h"

namespace hikyaku::storage {
namespace {
constexpr std::uint64_t window_octets = 64 << 10, after_a_body_octets = 4 << 10;
}

io::DiskResult<std::string_view> FileOctets::view(std::uint64_t offset, std::uint64_t octets) {
  if (offset < window_at_ || offset + octets > window_at_ + window_.size()) {
    // Who passed over a body larger than the window will pass over the next one too.
    const bool passed_over = offset > window_at_ + window_.size();
    window_.resize(std::max(octets, passed_over ? after_a_body_octets : window_octets));
    TRY(got, file_.read_at(offset, window_));
    window_.resize(got);
    window_at_ = offset;
  }
  return std::string_view(window_).substr(offset - window_at_).substr(0, octets);
}

io::DiskResult<std::optional<ScannedRecord>> record_at(SegmentOctets& octets, const SegmentHeader& segment,
                                                       std::uint64_t offset, std::uint64_t end) {
  if (offset + record_header_octets > end) return std::nullopt;
  TRY(start, octets.view(offset, record_header_octets));
  const auto header = parse_record_header(start, segment.number, static_cast<std::uint32_t>(offset), end);
  if (!header) return std::nullopt;
  const auto wanted = std::uint64_t{record_header_octets} + header->head_octets;
  TRY(whole, octets.view(offset, wanted));
  if (whole.size() < wanted || !head_is_whole(whole, segment.nonce)) return std::nullopt;
  return ScannedRecord{*header, whole.substr(record_header_octets)};
}

io::DiskResult<bool> body_is_whole(SegmentOctets& octets, const SegmentHeader& segment, const RecordHeader& record) {
  StreamingChecksum sum;
  sum.start(segment.nonce);
  std::uint64_t at = std::uint64_t{record.offset} + record_header_octets + record.head_octets;
  for (std::uint64_t left = record.body_octets; left > 0;) {
    TRY(part, octets.view(at, std::min(left, window_octets)));
    if (part.empty()) return false;
    sum.add(part);
    at += part.size(), left -= part.size();
  }
  return sum.value() == record.body_checksum;
}

io::DiskResult<std::optional<ScannedRecord>> next_batch(SegmentOctets& octets, const SegmentHeader& segment,
                                                        std::uint64_t from, std::uint64_t end) {
  for (auto at = align_up(from, block_octets); at < end; at += block_octets) {
    TRY(record, record_at(octets, segment, at, end));
    if (record && record->header.first_of_batch) return record;
  }
  return std::nullopt;
}

io::DiskResult<std::optional<ScannedRecord>> DurableWalk::next() {
  while (at_ < end_) {
    TRY(record, record_at(octets_, segment_, at_, end_));
    if (!record) {
      // The end of a batch, or damage: the next batch tells where the one before it ended.
      const auto expected = at_;
      TRY(later, next_batch(octets_, segment_, at_ % block_octets == 0 ? at_ + block_octets : at_, end_));
      if (!later || later->header.previous_end != expected) ++damaged_;
      if (!later) {
        at_ = end_;
        break;
      }
      record = later;
    }
    at_ = record->header.offset + record->header.octets();
    return record;
  }
  return std::nullopt;
}

io::DiskResult<std::uint32_t> find_end(SegmentOctets& octets, const SegmentHeader& segment, std::uint32_t mark) {
  const auto room = segment.segment_octets - block_octets;
  std::uint64_t at = block_octets, end = block_octets;
  while (at < room) {
    TRY(record, record_at(octets, segment, at, room));
    if (record) {
      const auto header = record->header;
      TRY(whole, body_is_whole(octets, segment, header));
      if (whole) {
        at = header.offset + header.octets();
        if (header.last_of_group) end = at;
        continue;
      }
    }
    // A batch further on was written only after all before it was flushed.
    TRY(later, next_batch(octets, segment, at + 1, room));
    if (!later) break;
    end = std::max<std::uint64_t>(end, later->header.previous_end);
    at = later->header.offset;
  }
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(end, mark));
}

}  // namespace hikyaku::storage
