#include "io/channel_frame.h"

#include "base/wire.h"

namespace hikyaku::io {

std::string print_frame_header(const FrameHeader& header) {
  return WireWriter{}.u32(header.octets).u8(header.descriptors).bytes();
}

std::optional<FrameHeader> FrameReader::header() const {
  WireReader in(std::string_view(buffer_).substr(at_));
  FrameHeader header;
  header.octets = in.u32();
  header.descriptors = in.u8();
  if (in.broken()) return std::nullopt;
  return header;
}

FrameReader::State FrameReader::next(Frame& frame) {
  if (broken_) return State::Broken;
  const auto begin = header();
  if (!begin) return State::NeedMore;
  if (begin->octets > frame_limit_octets || begin->descriptors > frame_descriptor_limit) {
    broken_ = true;
    return State::Broken;
  }
  if (buffer_.size() - at_ - frame_header_octets < begin->octets) return State::NeedMore;
  frame.octets.assign(buffer_, at_ + frame_header_octets, begin->octets);
  frame.descriptors = begin->descriptors;
  at_ += frame_header_octets + begin->octets;
  // The consumed part goes in large steps, so that many small frames cost linear time; an empty buffer costs nothing.
  if (at_ == buffer_.size()) {
    std::string().swap(buffer_);
    at_ = 0;
  } else if (at_ > frame_limit_octets) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  return State::Ready;
}

}  // namespace hikyaku::io
