#include "protocol/pop3/line_reader.h"

namespace hikyaku::pop3 {

void LineReader::receive(std::string_view octets) {
  if (at_ > 0) buffer_.erase(0, at_), looked_ -= at_, at_ = 0;
  buffer_ += octets;
}

std::variant<NoLine, Line, LineTooLong> LineReader::next() {
  const auto end = buffer_.find('\n', looked_);
  if (end == std::string::npos) {
    looked_ = buffer_.size();
    const bool too_long = buffer_.size() - at_ > longest_octets_;
    if (skipping_ || too_long) at_ = looked_;
    if (at_ == buffer_.size()) buffer_ = std::string(), at_ = looked_ = 0;  // an idle connection holds nothing
    if (!too_long || skipping_) return NoLine{};
    skipping_ = true;
    return LineTooLong{};
  }
  auto text = std::string_view(buffer_).substr(at_, end - at_);
  at_ = looked_ = end + 1;
  if (skipping_) {
    skipping_ = false;
    return next();
  }
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > longest_octets_) return LineTooLong{};
  return Line{std::string(text)};
}

std::string LineReader::take_rest() {
  auto rest = buffer_.substr(at_);
  buffer_ = std::string();
  at_ = looked_ = 0;
  return rest;
}

}  // namespace hikyaku::pop3
