// What clamd says (clamd(8)): the answer to INSTREAM, and VERSION. Pure, linear, nothing longer than longest_reply is kept.
// An answer counts as clean only when it says exactly that; whatever is not understood is a failure of the scanner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::clamd {

inline constexpr std::size_t longest_reply = 4'096, longest_name = 200;

enum class Verdict : std::uint8_t {
  Clean,
  Infected,
  TooLarge,  // than clamd's StreamMaxLength
  Failed,    // the scanner's own trouble, or nothing that a scanner says
};

struct ScanReply {
  Verdict verdict = Verdict::Failed;
  std::string name;   // Infected: the pattern's; printable ASCII without spaces, at most longest_name
  std::string words;  // Failed: what it said, printable ASCII, at most longest_name
};

// One reply without its terminator.
[[nodiscard]] ScanReply parse_scan_reply(std::string_view text);

// "ClamAV 1.4.6/27432/Sun Nov 22 09:30:00 2026"; without patterns of ClamAV's own only the first part is there.
struct Version {
  std::string program;         // "ClamAV 1.4.6"
  std::uint64_t patterns = 0;  // the version of the daily patterns; 0: it names none
};
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

// Gathers one reply to a command that began with "z": it ends with NUL. A line end is taken too: clamd ends some errors so.
class ReplyReader {
 public:
  // True when the reply is complete, or longer than any reply: then it is what came so far.
  bool receive(std::string_view octets);
  // The peer closed: what came is all there is.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace hikyaku::clamd
