// Postfix's policy delegation protocol (SMTPD_POLICY_README): lines "name=value" and an empty one; the answer is one such block with "action=...". Pure,
// linear, bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/smtp/reply.h"

namespace hikyaku::policy_delegation {

inline constexpr std::size_t most_reply_octets = 16 << 10;

// In the order given. Control characters of values become "?"; a value is cut at 1,000 octets.
[[nodiscard]] std::string request_text(const std::vector<std::pair<std::string_view, std::string_view>>& attributes);

// What a policy server wants (access(5)).
struct Action {
  enum class Kind : std::uint8_t {
    Dunno,       // DUNNO, and what only has words: INFO, WARN
    Permit,      // OK, a number
    Defer,       // DEFER, DEFER_IF_PERMIT, 4xx
    Refuse,      // REJECT, 5xx
    Prepend,     // text: a header field, "Received-SPF: pass ..."
    Hold,        // text: the reason
    Discard,     // the same
    NotForUs,    // FILTER, REDIRECT, BCC: known, and not done here
  } kind = Kind::Dunno;
  smtp::Reply reply;  // Defer, Refuse
  std::string text;   // without control characters
  bool warns = false; // WARN, INFO: text is for the log
};
// Nothing: no action that Postfix knows.
[[nodiscard]] std::optional<Action> parse_action(std::string_view words);

// Gathers one answer.
class ReplyReader {
 public:
  enum class State : std::uint8_t { Reading, Complete, Failed };
  void receive(std::string_view octets);
  [[nodiscard]] State state() const { return state_; }
  // Complete: what stands behind "action=".
  [[nodiscard]] const std::string& action() const { return action_; }
  // Complete, and nothing came behind: the connection may be used again.
  [[nodiscard]] bool is_clean() const { return state_ == State::Complete && buffer_.empty(); }

 private:
  bool take_line(std::string_view line);
  State state_ = State::Reading;
  std::string buffer_, action_;
  std::size_t octets_ = 0;
  bool has_action_ = false;
};

}  // namespace hikyaku::policy_delegation
