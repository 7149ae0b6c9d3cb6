// Rules: what the receiving service may object to, each with an id that the log and, if wanted, the reply names. A rule is a small pure
// function over what is known of the session (Attempt) and what DNS said (Answers); it finds something or it does not.
//
// Rules run in one of three modes: enforced, shadow (found and logged, without effect) or off.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/smtp/reply.h"

namespace hikyaku::policy {

enum class Mode : std::uint8_t { Off, Shadow, Enforce };
[[nodiscard]] std::string_view mode_name(Mode mode);
[[nodiscard]] std::optional<Mode> mode_named(std::string_view name);

// In the order in which they are judged. All of the stages before the text are judged at RCPT: the verdict is per recipient, and a
// refusal can say whose mail to whom it was.
enum class Stage : std::uint8_t { Connect, Hello, Mail, Recipient, Content };
[[nodiscard]] std::string_view stage_name(Stage stage);

enum class RuleId : std::uint8_t {
  Access,        // a row of the access table says so
  Dnswl,         // a list of good clients has it: nothing below objects
  Dnsbl,         // a list of bad clients has it
  ReverseName,   // the address has no name that leads back to it
  S25r,          // its name is that of an end user's line
  HelloName,     // it says that it is us
  Rate,          // too many recipients in too short a time; counts for logins too
  LocalSender,   // a sender of ours, from outside and without a login
  SenderDomain,  // nobody could answer the sender
  Spf,           // the sender's domain says that this client does not send for it
  Greylist,      // come again later
  PolicyServer,  // a policy server ([filters] policy_servers) says so
  Dmarc,         // the author's domain asks for it
  UriList,       // a link in the text leads to a host that a list has
  Content,       // a row of `hikyaku policy content` says so; counts for logins too, as what follows
  Rspamd,        // rspamd says so
  Milter,        // a milter says so
};
inline constexpr std::size_t rule_count = 17;

struct RuleEntry {
  RuleId id;
  std::string_view name;  // "sender_domain"; as in the settings ([rules]), the log and the replies
  Stage stage;
};
// All of them, in the order in which they are judged. What each is for and its preset mode are said by the settings.
[[nodiscard]] const std::array<RuleEntry, rule_count>& rules();
[[nodiscard]] const RuleEntry& entry_of(RuleId id);
[[nodiscard]] std::optional<RuleId> rule_named(std::string_view name);

// What a rule that allows lets past: the rules about the client (stages connect and ehlo, and the greylist), or all.
enum class Allows : std::uint8_t { Client, Everything };

// What one rule found.
struct Finding {
  enum class Verdict : std::uint8_t { Nothing, Allow, Defer, Refuse } verdict = Verdict::Nothing;
  RuleId rule{};
  Mode mode = Mode::Off;
  Allows allows = Allows::Client;  // Allow
  smtp::Reply reply;     // Defer: 4xx, Refuse: 5xx
  bool unsure = false;   // Nothing, but only because DNS did not say whether it allows: nothing is refused for good then
  std::string evidence;  // "s25r rule 2: ppp12345.example.ne.jp"; one line, of foreign text: for the log and `hikyaku policy test`
};

}  // namespace hikyaku::policy
