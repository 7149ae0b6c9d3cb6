// What clamd is told (clamd(8)): "zINSTREAM" and the chunks of a stream. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku::clamd {

inline constexpr std::string_view instream{"zINSTREAM\0", 10}, version{"zVERSION\0", 9}, reload{"zRELOAD\0", 8}, ping{"zPING\0", 6};

// Four octets in network order before each chunk. A chunk of none ends the stream.
[[nodiscard]] inline std::string chunk_head(std::uint32_t octets) {
  std::string head(4, '\0');
  for (int i = 0; i < 4; ++i) head[static_cast<std::size_t>(i)] = static_cast<char>(octets >> (24 - 8 * i) & 0xff);
  return head;
}

}  // namespace hikyaku::clamd
