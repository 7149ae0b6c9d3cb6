// AccountRules: what one account may send and get, beyond the rules for all: E-Post's personal effect.dat and sender.dat, sizes, recipients of a mail, and
// hours. Rules of account 0 are for every account; where both say something, both must allow.
//
// A row that allows only exempts from the rows behind it: it lets nobody past any other rule, gives no right to relay, and a claimed sender stays a claim.
// Pure values; held in the directory's partition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mail/account_id.h"
#include "mail/address.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::directory {

enum class MayPass : std::uint8_t { No, Yes };

// `who` of rows about what comes in: "192.0.2.7", "192.0.2.0/24" (the client), "user@a.example", "a.example", ".a.example" (all below), "<>", "*".
// Of rows about what goes out the recipient: "user@a.example", "a.example", ".a.example", "*".
struct RuleRow {
  std::string who;
  MayPass may = MayPass::Yes;
  friend bool operator==(const RuleRow&, const RuleRow&) = default;
};

struct AccountRules {
  AccountId account;               // 0: all of them
  std::vector<RuleRow> from, to;   // the first that matches counts; none: it may
  std::string hours_in, hours_out; // normal_hours(); empty: always
  std::uint64_t most_octets_in = 0, most_octets_out = 0;  // of a mail; 0: as for all
  std::uint32_t most_recipients = 0;                      // of a mail that it sends; 0: as for all
  friend bool operator==(const AccountRules&, const AccountRules&) = default;
  [[nodiscard]] bool says_nothing() const {
    return from.empty() && to.empty() && hours_in.empty() && hours_out.empty() && most_octets_in == 0 && most_octets_out == 0 && most_recipients == 0;
  }
};

inline constexpr std::size_t most_rule_rows = 2'000;

enum class Direction : std::uint8_t { In, Out };
[[nodiscard]] Result<std::string, std::string> normal_rule_pattern(Direction direction, std::string_view text);

// "Mon-Fri 08:00-18:00, Sat 09:00-12:00", "daily 22:00-06:00" (into the next day). At most 50 spans.
[[nodiscard]] Result<std::string, std::string> normal_hours(std::string_view text);
struct TimeOfWeek {
  unsigned day = 0;     // 0: Sunday
  unsigned minute = 0;  // of the day
};
[[nodiscard]] TimeOfWeek time_of_week(WallTime now);  // in the machine's zone
[[nodiscard]] bool in_hours(std::string_view hours, TimeOfWeek now);

// The row that refuses; null: none does.
[[nodiscard]] const RuleRow* refusing_sender(const AccountRules& rules, const ReversePath& sender, std::string_view client_address);
[[nodiscard]] const RuleRow* refusing_destination(const AccountRules& rules, const Address& recipient);

struct ParsedRules {
  std::vector<RuleRow> rows;
  std::vector<BadRow> bad;
};
// E-Post's personal effect.dat: "who" or "who action". What it says besides allow and refuse is a bad row that says why.
[[nodiscard]] ParsedRules parse_personal_effect(std::string_view text);
// E-Post's sender.dat: "pattern,0" allows, "pattern,-1" forbids. It must end with a row for everybody.
[[nodiscard]] ParsedRules parse_sender_dat(std::string_view text);
// E-Post's permitfrom.txt: "*@domain" or an address a line, as sender patterns (sender_pattern.h).
struct ParsedSenders {
  std::vector<std::string> patterns;
  std::vector<BadRow> bad;
};
[[nodiscard]] ParsedSenders parse_permitfrom(std::string_view text);

}  // namespace hikyaku::directory
