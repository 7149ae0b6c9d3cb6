// The frame of our own processes' messages over a Unix stream: 4 octets of length (little-endian, of what follows the
// header), 1 octet counting the descriptors that travel with it, then the octets. Pure; descriptors are the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::io {

inline constexpr std::size_t frame_header_octets = 5;
inline constexpr std::size_t frame_limit_octets = 1 << 20;
inline constexpr std::size_t frame_descriptor_limit = 8;

struct FrameHeader {
  std::uint32_t octets = 0;
  std::uint8_t descriptors = 0;
};

[[nodiscard]] std::string print_frame_header(const FrameHeader& header);

// Cuts a stream of octets into frames.
class FrameReader {
 public:
  enum class State : std::uint8_t { NeedMore, Ready, Broken };
  struct Frame {
    std::string octets;
    std::uint8_t descriptors = 0;
  };

  void receive(std::string_view octets) { buffer_ += octets; }
  // Broken (for good): a length or count beyond the limits; the stream is of no further use.
  [[nodiscard]] State next(Frame& frame);

 private:
  [[nodiscard]] std::optional<FrameHeader> header() const;
  std::string buffer_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

}  // namespace hikyaku::io
