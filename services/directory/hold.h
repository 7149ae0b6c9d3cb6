// Hold: mail that waits by order of the operator, with everything an operator needs to know of it: which mail, why, whose
// order, from when to when, and what becomes of new mail meanwhile. While a hold runs, what it selects is not tried and
// no clock of it runs; a hold that is over is kept, since its time stays out of every retry period.
//
// Pure values and matching; held in the directory's partition, so that every service sees a change at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace hikyaku::directory {

enum class HoldScope : std::uint8_t {
  Destination,  // domain of the recipient, or host of the next hop or MX set: "a.example", "*.a.example", "mx1.a.example"
  Route,        // host that a row of the route table names: "gw.a.example", or "gw.a.example:2525"
  Sender,       // envelope sender: "user@a.example", "a.example", "*.a.example", or "<>" for error mails
  Account,      // mail for the account's mailbox, and mail it sent after logging in
  All,
  Chosen,       // recipients that an operator chose from the queue; their schedules name the hold, and no new mail comes under it
  SentBy,       // mail that the account sent after logging in, and no other
};
constexpr HoldScope last_hold_scope = HoldScope::SentBy;
// What becomes of mail that comes while the hold runs. Mail that was there before is kept in any case.
enum class HoldAction : std::uint8_t {
  Keep,        // accepted, kept
  OtherRoute,  // accepted, sent to `other_route`
  Refuse,      // 451 4.3.2 with the reason at RCPT
};
enum class HoldStage : std::uint8_t { Planned, Running, Ended };

struct Hold {
  std::uint64_t id = 0;
  HoldScope scope = HoldScope::Destination;
  std::string pattern;  // empty for All; of chosen mail what it was chosen by, in words
  std::string reason, owner;
  HoldAction action = HoldAction::Keep;
  std::string other_route;  // "host:port"
  WallTime created{};
  WallTime start{};
  WallTime end = WallTime::max();  // max: until it is released, which sets the end

  [[nodiscard]] HoldStage stage(WallTime now) const;
  [[nodiscard]] bool runs(WallTime now) const { return stage(now) == HoldStage::Running; }
  friend bool operator==(const Hold&, const Hold&) = default;
};

// Ended holds are forgotten after this: longer than any retry period may be.
constexpr auto holds_are_kept = std::chrono::days{120};
constexpr std::size_t most_holds = 1'000;        // that have not ended
constexpr std::size_t longest_hold_text = 500;   // octets of reason, owner, pattern

// What a hold can look at. Views must live as long as the question.
struct HoldFacts {
  std::string_view domain;        // the recipient's
  std::string_view destination;   // key of the lane: "mx:a.example", "host:gw.example:25", "local:a.example"
  std::string_view sender;        // as text; empty: the null sender
  std::string_view sent_by;       // the account that logged in to send it; empty: none
  std::string_view mailbox_of;    // the account here it is for; empty: none
};

// Where mail waits that a hold of chosen mail keeps, in place of a destination: "hold:7".
[[nodiscard]] std::string chosen_key(std::uint64_t hold);
[[nodiscard]] bool is_chosen_key(std::string_view destination);

// Whether the hold, when it runs, selects this mail. Linear in the texts.
[[nodiscard]] bool selects(const Hold& hold, const HoldFacts& facts);
// Whether it selects all mail of a destination, whoever sent it and whoever it is for.
[[nodiscard]] bool selects_all_of(const Hold& hold, std::string_view destination);
// Whether all mail for this domain that goes this way waits, whoever sent it and whoever it is for.
[[nodiscard]] bool holds_back(const Hold& hold, std::string_view domain, std::string_view destination);
// The first running hold that selects it; one that keeps or refuses goes before one that only routes elsewhere. Null: none.
[[nodiscard]] const Hold* find_hold(const std::vector<Hold>& holds, const HoldFacts& facts, WallTime now);
// When the holds that select this mail ran, cut to [from, until]; in no order, they may overlap.
struct HoldTime {
  WallTime from, until;
  friend bool operator==(const HoldTime&, const HoldTime&) = default;
};
[[nodiscard]] std::vector<HoldTime> hold_times(const std::vector<Hold>& holds, const HoldFacts& facts, WallTime from, WallTime until);

// The one form of a pattern for its scope. One sentence with a remedy when it cannot be one.
[[nodiscard]] Result<std::string, std::string> normal_hold_pattern(HoldScope scope, std::string_view pattern);
// Why the hold cannot be; empty: it can.
[[nodiscard]] std::string why_no_hold(const Hold& hold);

[[nodiscard]] std::string_view scope_name(HoldScope scope);    // "destination"
[[nodiscard]] std::string_view action_name(HoldAction action);  // "keep", "other-route", "refuse"
[[nodiscard]] std::optional<HoldAction> parse_action(std::string_view name);
[[nodiscard]] std::string_view stage_name(HoldStage stage);
// The reason as a line of an SMTP reply (RFC 5321 §4.2: printable ASCII); a sentence of ours when it is in other letters.
[[nodiscard]] std::string reply_words(const Hold& hold);

}  // namespace hikyaku::directory
