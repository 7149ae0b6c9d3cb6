// The one binary encoding of the tree: journal records, engine values and messages between our processes.
// Little-endian fixed numbers, LEB128 lengths. A reader never trusts a length: any short or overlong field makes
// the whole reader `broken()`, further reads give empty values, and the caller checks once at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku {

class WireWriter {
 public:
  WireWriter& u8(std::uint8_t value) { return fixed(value, 1); }
  WireWriter& u32(std::uint32_t value) { return fixed(value, 4); }
  WireWriter& u64(std::uint64_t value) { return fixed(value, 8); }
  WireWriter& varint(std::uint64_t value);
  // Length as varint, then the octets.
  WireWriter& text(std::string_view octets);

  [[nodiscard]] const std::string& bytes() const& { return bytes_; }
  [[nodiscard]] std::string bytes() && { return std::move(bytes_); }

 private:
  WireWriter& fixed(std::uint64_t value, int octets);
  std::string bytes_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint();
  // A view into the bytes given to the constructor.
  std::string_view text();

  [[nodiscard]] bool broken() const { return broken_; }
  // True when every octet was read and none was missing.
  [[nodiscard]] bool complete() const { return !broken_ && rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::uint64_t fixed(int octets);
  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace hikyaku
