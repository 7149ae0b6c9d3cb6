#include "services/epost_spool/message_text.h"

#include "base/cursor.h"

namespace hikyaku::epost_spool {

void DotsFinder::end_line() {
  if (last_line_is_dot_) other_dots_ = true;  // a lone dot, and the file went on
  last_line_is_dot_ = line_octets_ == 1 && first_is_dot_;
  if (first_is_dot_ && line_octets_ > 1 && !second_is_dot_) other_dots_ = true;
  line_octets_ = 0;
  first_is_dot_ = second_is_dot_ = false;
}

void DotsFinder::add(std::string_view octets) {
  for (const char c : octets) {
    if (c == '\n') {
      last_was_cr_ = false;
      end_line();
      continue;
    }
    if (last_was_cr_) ++line_octets_;  // a CR inside a line belongs to it
    last_was_cr_ = c == '\r';
    if (last_was_cr_) continue;
    if (line_octets_ == 0) first_is_dot_ = c == '.';
    else if (line_octets_ == 1) second_is_dot_ = c == '.';
    ++line_octets_;
  }
}

Dots DotsFinder::dots() const {
  DotsFinder whole = *this;
  if (whole.line_octets_ > 0 || whole.last_was_cr_) whole.end_line();
  return whole.last_line_is_dot_ && !whole.other_dots_ ? Dots::Stuffed : Dots::Plain;
}

void TextReader::line_end(std::string& out) {
  if (dot_held_) {  // "." alone
    dot_held_ = false;
    ended_ = true;
    return;
  }
  out += "\r\n";
  octets_ += 2;
  line_start_ = true;
}

void TextReader::put(char c, std::string& out) {
  if (dots_ == Dots::Stuffed && line_start_ && !dot_held_ && c == '.') {
    dot_held_ = true;
    return;
  }
  dot_held_ = line_start_ = false;  // RFC 5321 §4.5.2: the dot that was held goes
  eight_bit_ = eight_bit_ || is_eight_bit(c);
  out += c;
  ++octets_;
}

void TextReader::add(std::string_view octets, std::string& out) {
  for (const char c : octets) {
    if (ended_) {
      after_end_ = after_end_ || (c != '\r' && c != '\n');
      continue;
    }
    if (cr_held_) {
      cr_held_ = false;
      if (c != '\n') ++mended_;
      line_end(out);
      if (c == '\n' || ended_) {
        after_end_ = after_end_ || (c != '\n' && c != '\r');
        continue;
      }
    } else if (c == '\n') {
      ++mended_;
      line_end(out);
      continue;
    }
    if (c == '\r') cr_held_ = true;
    else put(c, out);
  }
}

void TextReader::finish(std::string& out) {
  if (ended_) return;
  if (cr_held_) ++mended_;
  if (cr_held_ || dot_held_ || !line_start_) line_end(out);
  cr_held_ = false;
}

}  // namespace hikyaku::epost_spool
