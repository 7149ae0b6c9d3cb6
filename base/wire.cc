#include "base/wire.h"

namespace hikyaku {

WireWriter& WireWriter::fixed(std::uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  return *this;
}

WireWriter& WireWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

WireWriter& WireWriter::text(std::string_view octets) {
  varint(octets.size());
  bytes_.append(octets);
  return *this;
}

std::uint64_t WireReader::fixed(int octets) {
  if (broken_ || rest_.size() < static_cast<std::size_t>(octets)) return broken_ = true, 0;
  std::uint64_t value = 0;
  for (int i = 0; i < octets; ++i) value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
  rest_.remove_prefix(octets);
  return value;
}

std::uint64_t WireReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto octet = u8();
    if (broken_) return 0;
    if (shift == 63 && octet > 1) break;
    value |= std::uint64_t{octet & 0x7fU} << shift;
    if ((octet & 0x80) == 0) return value;
  }
  broken_ = true;
  return 0;
}

std::string_view WireReader::text() {
  const auto length = varint();
  if (broken_ || length > rest_.size()) return broken_ = true, std::string_view{};
  const auto octets = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return octets;
}

}  // namespace hikyaku
