// Reply: what a server says to one command (RFC 5321 §4.2), with its enhanced status code (RFC 3463, RFC 2034), printed
// for our clients and read from our peers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hikyaku::smtp {

// class.subject.detail; all zero: none. 421 and the greeting may go without.
struct EnhancedCode {
  std::uint16_t klass = 0, subject = 0, detail = 0;
  [[nodiscard]] bool given() const { return klass != 0; }
  [[nodiscard]] std::string text() const;  // "5.7.1"
  friend bool operator==(const EnhancedCode&, const EnhancedCode&) = default;
};

struct Reply {
  std::uint16_t code = 0;     // 200..599
  EnhancedCode enhanced;
  std::string text;           // lines divided by "\n"; without codes

  [[nodiscard]] bool is_positive() const { return code >= 200 && code < 300; }
  [[nodiscard]] bool is_intermediate() const { return code >= 300 && code < 400; }
  [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool is_permanent() const { return code >= 500 && code < 600; }

  // On the wire: "250-2.1.0 first\r\n250 2.1.0 last\r\n". Control characters of the text become "?"; each line is cut
  // at 512 octets (RFC 5321 §4.5.3.1.5). The enhanced code is repeated on every line (RFC 2034 §4).
  [[nodiscard]] std::string wire() const;
  // For logs and bounces: "550 5.1.1 No such user", lines joined by a space.
  [[nodiscard]] std::string line() const;
  friend bool operator==(const Reply&, const Reply&) = default;
};

// "5.1.1" at the start of `text`; nothing when it is no enhanced code. `length` is set to its octets.
[[nodiscard]] std::optional<EnhancedCode> parse_enhanced_code(std::string_view text, std::size_t& length);

enum class ReplyFailure : std::uint8_t {
  Malformed,  // no three digits, codes that differ between lines, or a third digit followed by neither "-" nor SP
  TooLong,    // a line over 4,096 octets or more than 128 lines (EHLO of large sites stays far below)
};

// Reads replies from a stream of octets, any split. Tolerates bare LF and lines longer than 512 octets: peers that do so
// are common, and nothing after a reply is ever taken for something else.
class ReplyReader {
 public:
  // A complete reply, nothing while more octets are needed, or a failure after which the stream must be given up.
  [[nodiscard]] Result<std::optional<Reply>, ReplyFailure> next();
  void receive(std::string_view bytes) { buffer_.append(bytes); }
  [[nodiscard]] bool has_leftover() const { return at_ < buffer_.size(); }
  void clear() { buffer_.clear(), at_ = 0, lines_ = 0, reply_ = {}; }

 private:
  Result<bool, ReplyFailure> take_line(std::string_view line);
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t lines_ = 0;
  Reply reply_;
};

}  // namespace hikyaku::smtp
