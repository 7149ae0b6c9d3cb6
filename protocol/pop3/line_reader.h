// LineReader: command lines out of a stream. Lines end with CRLF (RFC 1939 §3) or a bare LF, which telnet-like clients
// send; a longer line than the limit is reported once and skipped to its end. Holds at most the limit and one read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace hikyaku::pop3 {

struct Line { std::string text; };  // without its end
struct LineTooLong {};
struct NoLine {};                   // more input is wanted

class LineReader {
 public:
  explicit LineReader(std::size_t longest_octets) : longest_octets_(longest_octets) {}

  void receive(std::string_view octets);
  [[nodiscard]] std::variant<NoLine, Line, LineTooLong> next();
  // What was received and not given out.
  [[nodiscard]] bool empty() const { return at_ == buffer_.size(); }
  [[nodiscard]] std::string take_rest();

 private:
  std::size_t longest_octets_;
  std::string buffer_;
  std::size_t at_ = 0;       // the first octet not given out
  std::size_t looked_ = 0;   // no line end before this
  bool skipping_ = false;    // inside a line that was too long
};

}  // namespace hikyaku::pop3
