// E-Post's message file BNNNNNNNNNN.MSG as the text of a message: every line end becomes CRLF (a bare CR or LF lets a second
// message be smuggled past the next server), and where the file is dot-stuffed, as EMWAC's was, the dots go. Streaming,
// any split of the octets gives the same text; linear, no buffer beyond a piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku::epost_spool {

enum class Dots : std::uint8_t { Plain, Stuffed };

// Which of the two a file is: stuffed when its last line is a single dot and every other line that begins with a dot
// begins with two. Give it the whole file first.
class DotsFinder {
 public:
  void add(std::string_view octets);
  [[nodiscard]] Dots dots() const;

 private:
  void end_line();
  std::uint64_t line_octets_ = 0;  // of the current line, its CR left out
  bool first_is_dot_ = false, second_is_dot_ = false, last_was_cr_ = false;
  bool last_line_is_dot_ = false, other_dots_ = false;
};

class TextReader {
 public:
  explicit TextReader(Dots dots) : dots_(dots) {}
  // Appends the text of these octets to `out`.
  void add(std::string_view octets, std::string& out);
  // The end of the file: ends an unfinished last line.
  void finish(std::string& out);

  [[nodiscard]] std::uint64_t octets() const { return octets_; }  // of text so far
  [[nodiscard]] std::uint64_t line_ends_mended() const { return mended_; }
  [[nodiscard]] bool eight_bit() const { return eight_bit_; }
  // Stuffed: octets behind the final dot. The file is not one message.
  [[nodiscard]] bool goes_on_after_end() const { return after_end_; }

 private:
  void put(char c, std::string& out);
  void line_end(std::string& out);

  Dots dots_;
  bool line_start_ = true, dot_held_ = false, cr_held_ = false, ended_ = false, after_end_ = false, eight_bit_ = false;
  std::uint64_t octets_ = 0, mended_ = 0;
};

}  // namespace hikyaku::epost_spool
