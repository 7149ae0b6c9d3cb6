// Frames of a channel: any octets, cut anywhere, give the same frames; limits hold.
#include <cstdint>
#include <cstdlib>

#include "io/channel_frame.h"

using namespace hikyaku::io;

namespace {
std::string frames_of(std::string_view octets, std::size_t step) {
  FrameReader reader;
  std::string seen;
  for (std::size_t at = 0; at <= octets.size(); at += step) {
    reader.receive(octets.substr(at, step));
    FrameReader::Frame frame;
    auto state = FrameReader::State::Ready;
    while ((state = reader.next(frame)) == FrameReader::State::Ready) {
      if (frame.octets.size() > frame_limit_octets || frame.descriptors > frame_descriptor_limit) std::abort();
      seen += print_frame_header({static_cast<std::uint32_t>(frame.octets.size()), frame.descriptors}) + frame.octets;
    }
    if (state == FrameReader::State::Broken) break;
  }
  return seen;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = frames_of(octets, octets.size() + 1);
  if (whole != frames_of(octets, data[0] + 1U)) std::abort();
  if (!octets.starts_with(whole)) std::abort();
  return 0;
}
