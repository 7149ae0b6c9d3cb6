// Heard: what a program beside us says of a message or a recipient, whichever protocol it speaks.
#pragma once

#include <string>
#include <vector>

#include "protocol/smtp/reply.h"
#include "services/filters/header_edits.h"

namespace hikyaku::filters {

struct Heard {
  enum class Kind : std::uint8_t {
    Pass,
    Quarantine,
    Defer,    // reply is 4xx
    Refuse,   // reply is 5xx
    Trouble,  // it did not say: why is a clause, "it did not answer within 30 s"
  } kind = Kind::Pass;
  smtp::Reply reply;
  std::string why;                // for the log and the quarantine; one line of foreign text
  std::vector<HeaderEdit> edits;  // unless Trouble
  bool spares = false;            // recipients whom no rule refuses keep their copies
};

// What logs, replies and the heads of quarantined mail hold of a program's words.
inline constexpr std::size_t most_why_octets = 500, most_reply_octets = 2'000;

// Its beginning, at most so many octets and no half character (UTF-8) at the end.
[[nodiscard]] inline std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace hikyaku::filters
