// The two canonical forms of DKIM (RFC 6376 §3.4), which decide what changes on the way a signature outlives. Bodies are
// turned as they come, in chunks of any size, with memory that does not grow; cost is linear.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku::dkim {

enum class Form : std::uint8_t { Simple, Relaxed };

// Adds one header field, given as it stands in the message, with CRLF at its end (§3.4.1, §3.4.2).
void append_canonical_field(Form form, std::string_view whole, std::string& out);

// How many octets of a body are copied as they are: up to a CR, and in relaxed up to white space that is not one space between words.
[[nodiscard]] std::size_t ordinary_run(Form form, std::string_view text);

// Gives what it makes of a body to `sink(std::string_view)`, in pieces. Lines end with CRLF; a bare CR or LF is an octet
// like another.
template <class Sink>
class CanonicalBody {
 public:
  CanonicalBody(Form form, Sink sink) : form_(form), sink_(std::move(sink)) {}

  void feed(std::string_view chunk) {
    while (!chunk.empty()) {
      if (after_cr_) {
        chunk.remove_prefix(take_after_cr(chunk.front()));
        continue;
      }
      const auto run = ordinary_run(form_, chunk);
      if (run > 0) give(chunk.substr(0, run));
      if (run < chunk.size()) (chunk[run] == '\r' ? after_cr_ : space_) = true;
      chunk.remove_prefix(std::min(run + 1, chunk.size()));
    }
  }
  // §3.4.3: simple ends with one CRLF, whatever there is. §3.4.4: relaxed does when anything is left.
  void finish() {
    if (after_cr_) give("\r");
    after_cr_ = space_ = false;
    if (form_ == Form::Simple || any_) sink_(line_end);
  }
  [[nodiscard]] Sink& sink() { return sink_; }

 private:
  static constexpr std::string_view line_end = "\r\n";

  std::size_t take_after_cr(char c) {
    after_cr_ = false;
    if (c != '\n') {
      give("\r");
      return 0;
    }
    space_ = false;
    ++lines_;
    return 1;
  }
  // What was put off until something follows it: empty lines and the space inside a line.
  void give(std::string_view run) {
    for (; lines_ > 0; --lines_) sink_(line_end);
    if (space_) sink_(std::string_view(" "));
    space_ = false;
    any_ = true;
    sink_(run);
  }

  Form form_;
  Sink sink_;
  std::uint64_t lines_ = 0;
  bool after_cr_ = false, space_ = false, any_ = false;
};

}  // namespace hikyaku::dkim
