// The text of a message on the wire: reading it after DATA (dots removed, RFC 5321 §4.5.2) or inside BDAT chunks (RFC 3030),
// and dot-stuffing it for a peer. Both walk with memchr and hand out views of the input: well over 1 GB/s, no copying.
//
// A line ends with CRLF and with nothing else, and only CRLF "." CRLF ends the data (RFC 5321 §2.3.8, §4.1.1.4): every
// other reading lets somebody smuggle a second message past one of two servers. Bare CR and bare LF are therefore
// flaws that end the reading at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku::smtp {

enum class ContentFraming : std::uint8_t { Dots, Counted, Binary };  // Binary: counted, and any octets (RFC 3030 §3)

struct ContentRules {
  std::size_t most_line_octets = 1000;  // with CRLF
  enum class Nul : std::uint8_t { Refused, Accepted } nul = Nul::Accepted;
};

enum class ContentFlaw : std::uint8_t { None, BareLf, BareCr, LineTooLong, Nul };

class ContentReader {
 public:
  ContentReader() = default;
  ContentReader(ContentFraming framing, ContentRules rules) : framing_(framing), rules_(rules) {}

  // Takes octets from the front of `in` and gives the next run of message text, a view into `in` (or a constant); empty
  // only when `in` is used up, the data has ended, or a bare line end was found (then the rest of `in` is left).
  [[nodiscard]] std::string_view next(std::string_view& in);

  // Dots: the final CRLF.CRLF has been read.
  [[nodiscard]] bool ended() const { return place_ == Place::Ended; }
  // Counted: after the last octet. A CR still waiting for its LF becomes a flaw.
  void finish();
  // The first flaw found. After BareLf or BareCr under Dots nothing more may be read.
  [[nodiscard]] ContentFlaw flaw() const { return flaw_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  // Octets of the text so far, whatever was made of them.
  [[nodiscard]] std::uint64_t octets() const { return octets_; }

 private:
  enum class Place : std::uint8_t { LineStart, Middle, Cr, Dot, DotCr, Ended };
  void note(ContentFlaw flaw);
  std::string_view give(std::string_view run);
  std::string_view continue_split(std::string_view& in);
  std::string_view read_lines(std::string_view& in);
  bool take_dot(std::string_view in, std::size_t at, std::size_t& next_at);

  ContentFraming framing_ = ContentFraming::Dots;
  ContentRules rules_;
  Place place_ = Place::LineStart;
  ContentFlaw flaw_ = ContentFlaw::None;
  bool stopped_ = false;
  std::size_t line_octets_ = 0;  // of the current line so far
  std::uint64_t octets_ = 0;
};

// Appends `text` to `out`, a dot doubled at each line start. `last` is the octet sent before ("\n" at the beginning of
// a message) and is updated; so a message may come in any pieces.
void append_dot_stuffed(std::string& out, std::string_view text, char& last);

}  // namespace hikyaku::smtp
