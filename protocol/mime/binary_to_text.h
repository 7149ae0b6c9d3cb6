// BinaryToText: a message with binary parts (RFC 2045 §6.2, RFC 3030) on its way to who knows lines only: its text comes in pieces of
// any size and goes out as lines. A part that says "Content-Transfer-Encoding: binary" becomes base64, of exactly its octets;
// what contains parts (multipart, message/rfc822) keeps its form, its own "binary" becoming "8bit" (RFC 2045 §6.4 allows it no
// other); what was lines before stays as it is. No encoding is put inside another (RFC 3030 §3).
//
// Pure, streaming, linear; keeps a header at most and a line of longest_delimiter octets. A boundary counts where it is a whole line, of the innermost
// container first; what opens deeper than most_depth, or has no boundary, is no container.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::mime {

class BinaryToText {
 public:
  static constexpr std::size_t most_header_octets = 256 << 10;
  static constexpr std::size_t longest_delimiter = 1'000;
  static constexpr std::size_t longest_line = 1'000;  // with CRLF (RFC 5322 §2.1.1)
  static constexpr std::size_t most_depth = 50;

  // NotLines: what does not say that it is binary (a header, a part) has a bare CR or LF, a NUL, or too long a line.
  enum class Flaw : std::uint8_t { None, NotLines, HeaderTooLong };

  // Appends to `out` what of the text is certain. After a flaw nothing more is.
  void take(std::string_view octets, std::string& out);
  // Call once, after the last piece.
  void finish(std::string& out);

  [[nodiscard]] Flaw flaw() const { return flaw_; }
  // Whether what went out has octets above 127.
  [[nodiscard]] bool eight_bit() const { return eight_bit_; }

 private:
  enum class Place : std::uint8_t { Header, Body };
  enum class Form : std::uint8_t { Lines, Binary };  // of the body that is being read
  struct Container {
    std::string boundary;  // empty: its closing delimiter was seen
    bool digest = false;
  };

  void take_header(std::string_view& octets, std::string& out);
  bool header_line_ends_it(std::string& out);
  void end_header(std::string& out);
  void begin_part(bool in_digest);
  void take_body(std::string_view& octets, std::string& out);
  void take_candidate(std::string_view& octets, std::string& out);
  void judge_line(std::string& out);
  struct Delimiter {
    std::size_t container;
    bool closes;
  };
  [[nodiscard]] std::optional<Delimiter> delimits(std::string_view line) const;
  bool take_delimiter(std::string_view line, std::string_view line_end, std::string& out);
  void content(std::string_view octets, std::string& out);
  void end_content(std::string& out);
  void give(std::string_view octets, std::string& out);

  Place place_ = Place::Header;
  Form form_ = Form::Lines;
  Flaw flaw_ = Flaw::None;
  bool eight_bit_ = false, in_digest_ = false;
  std::vector<Container> open_;
  std::string header_;
  std::size_t line_begin_ = 0;   // in header_
  // A line that may be a delimiter, with the line end before it, which would be the delimiter's.
  std::string candidate_;
  bool at_line_ = false;         // candidate_ is that; false: at most a CR that may begin a line end
  std::size_t line_at_ = 0;      // in candidate_
  std::string left_;             // octets of a binary part that do not fill a line of base64 yet
  bool any_content_ = false;     // of the binary part
  // Of what went out.
  std::size_t line_octets_ = 0;
  bool after_cr_ = false;
};

}  // namespace hikyaku::mime
