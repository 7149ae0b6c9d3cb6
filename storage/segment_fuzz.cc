// The octets of a segment come from a disk that may have rotted: whatever they are, parsing ends, stays inside them and
// invents nothing below the end it was given. The input is a segment without its header; that one is fixed, or the
// first octets of the input.
#include <cstdlib>

#include "storage/segment_scan.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {
class InputOctets final : public SegmentOctets {
 public:
  explicit InputOctets(std::string_view octets) : octets_(octets) {}
  io::DiskResult<std::string_view> view(std::uint64_t offset, std::uint64_t octets) override {
    if (offset >= octets_.size()) return std::string_view{};
    return octets_.substr(offset, octets);
  }

 private:
  std::string_view octets_;
};

void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto header = parse_segment_header(input)) {
    require(parse_segment_header(encode(*header)) == header);
    (void)parse_segment_footer(input, *header);
  }
  (void)parse_position(input);
  if (const auto released = parse_released(input)) require(parse_released(encode(*released)).has_value());
  if (const auto index = parse_index(input, UINT32_MAX))
    for (std::size_t i = 1; i < index->size(); ++i) require((*index)[i - 1].offset < (*index)[i].offset);

  SegmentHeader segment{.number = 3, .owner = 1, .segment_octets = 64 << 10, .nonce = 7, .previous = 2, .previous_end = 4096};
  const std::string padded = std::string(block_octets, '\0') + std::string(input.substr(0, 60 << 10));
  InputOctets octets(padded);
  const auto end = find_end(octets, segment, block_octets);
  require(end && *end >= block_octets && *end <= segment.segment_octets - block_octets);
  DurableWalk walk(octets, segment, block_octets, *end);
  std::uint32_t last = 0;
  for (;;) {
    const auto record = walk.next();
    require(record.has_value());
    if (!*record) break;
    require((*record)->header.offset > last && (*record)->header.offset + (*record)->header.octets() <= *end);
    last = (*record)->header.offset;
  }
  return 0;
}
