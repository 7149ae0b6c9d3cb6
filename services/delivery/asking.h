// Asking: does the inner server have this user? What reception asks of `deliver`, which knows the ways and keeps the connections, and what a next hop's
// replies mean. Pure; a broken message is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mail/address.h"
#include "protocol/smtp/client_conversation.h"

namespace hikyaku::delivery {

struct RecipientQuestion {
  Address recipient;
  std::string unlikely;  // a local part that nobody has: who takes it takes everybody; empty: not asked this time
};

enum class RecipientWord : std::uint8_t {
  Taken,
  Unknown,   // no such user there, for good
  NotTold,   // it answers, for good, but not about the user: whoever asks is not welcome. Nothing is gained by asking again
  Later,     // nothing is known now, of this user: 4xx
  Away,      // nothing is known now, of anybody there: no connection, no time, a hold
  Busy,      // it was not asked: too many questions of ours are under way
};

struct RecipientFinding {
  RecipientWord word = RecipientWord::Away;
  bool takes_everybody = false;  // the unlikely one too
  std::string words;             // the reply, or why there is none: one line, for the log
};

// What RCPT was answered. A refusal that says who the user is not: X.1.x, X.2.x (RFC 3463 §3.2, §3.3), or without an enhanced code 550, 551 or 553 (RFC 5321 §4.2.3).
[[nodiscard]] RecipientWord word_of(const smtp::RecipientOutcome& outcome);

[[nodiscard]] std::string encode(const RecipientQuestion& question);
[[nodiscard]] std::optional<RecipientQuestion> decode_recipient_question(std::string_view bytes);
[[nodiscard]] std::string encode(const RecipientFinding& finding);
[[nodiscard]] std::optional<RecipientFinding> decode_recipient_finding(std::string_view bytes);

}  // namespace hikyaku::delivery
