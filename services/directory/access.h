// Access rows: whom reception lets in, puts off or keeps out whatever its rules say, by client, sender or recipient; with source and date, so
// that a published list can be taken back as it came. Pure values; held in the directory's partition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace hikyaku::directory {

enum class AccessWho : std::uint8_t {
  Client,     // "192.0.2.7", "192.0.2.0/24", "mail.a.example", ".a.example" (all below), "/expression/" over the name (RE2)
  Sender,     // "user@a.example", "a.example", ".a.example", "<>"
  Recipient,  // "user@a.example", "a.example"
};
enum class AccessAction : std::uint8_t { Allow, Defer, Refuse };

inline constexpr std::string_view operator_source = "operator";

struct AccessRow {
  AccessWho who = AccessWho::Client;
  std::string pattern;  // normal_access_pattern()
  AccessAction action = AccessAction::Allow;
  std::string source{operator_source};  // whose row it is: a list's name
  std::string note;
  WallTime added{};
  WallTime expires = WallTime::max();  // max: never
  friend bool operator==(const AccessRow&, const AccessRow&) = default;
};

inline constexpr std::size_t most_access_rows = 200'000, longest_access_text = 500;
inline constexpr std::ptrdiff_t most_access_expressions = 2'000;

[[nodiscard]] std::string_view who_name(AccessWho who);           // "client"
[[nodiscard]] std::optional<AccessWho> parse_who(std::string_view name);
[[nodiscard]] std::string_view access_name(AccessAction action);  // "allow", "defer", "refuse"
[[nodiscard]] std::optional<AccessAction> parse_access(std::string_view name);

// The one form of a pattern: lower case, names as A-labels, "10.*.*.*" as 10.0.0.0/8, "*.a.example" as ".a.example". One sentence with a
// remedy when it cannot be one.
[[nodiscard]] Result<std::string, std::string> normal_access_pattern(AccessWho who, std::string_view pattern);
// Why the row cannot be; empty: it can.
[[nodiscard]] std::string why_no_access_row(const AccessRow& row);

// "client TAB pattern TAB action TAB source TAB added TAB expires TAB note", times in seconds since 1970, "-" for never: what `hikyaku policy
// export` writes, and what reception is told.
[[nodiscard]] std::string print_access_row(const AccessRow& row);
[[nodiscard]] std::optional<AccessRow> parse_access_row(std::string_view line);

}  // namespace hikyaku::directory
