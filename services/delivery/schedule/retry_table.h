// RetryTable: retry rules by route and by destination, over those for everybody. Each row is a line of the setting
// delivery.retry_rules; where several rows speak of the same, the first wins, as in gateway.dat:
//
//   *.inner.example   unanswered  period=48h interval=5m growth=constant
//   via:gw.example    *           longest=30m
//
// The selector is a recipient's domain or a host of the destination ('*' any octets), or "via:" and the host of a route.
// The class is one of class_name(), "unanswered" (every cause of silence) or "*".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/delivery/retry_policy.h"

namespace hikyaku::delivery {

struct RetryRow {
  bool via = false;
  std::string pattern;
  std::vector<FailureClass> classes;
  RuleChange change;
  std::string text;  // as written
  friend bool operator==(const RetryRow&, const RetryRow&) = default;
};

// One sentence with a remedy when it is no row. Linear.
[[nodiscard]] Result<RetryRow, std::string> parse_retry_row(std::string_view line);

// Whether a pattern selects a destination: `domain` is the recipient's (empty: not known), `key` the destination's
// ("mx:mx1.a.example,mx2.a.example", "host:gw.example:25").
enum class Selects : std::uint8_t { Destination, Route };
[[nodiscard]] bool selects(Selects kind, std::string_view pattern, std::string_view domain, std::string_view key);

// A row of delivery.connection_limits: "*.example.jp 5", "via:gw.example 10".
struct LimitRow {
  bool via = false;
  std::string pattern;
  std::uint32_t connections = 1;
  friend bool operator==(const LimitRow&, const LimitRow&) = default;
};
[[nodiscard]] Result<LimitRow, std::string> parse_limit_row(std::string_view line);

struct RetryTable {
  RetryRules base;
  std::vector<RetryRow> rows;
  friend bool operator==(const RetryTable&, const RetryTable&) = default;

  [[nodiscard]] RetryRules rules_for(std::string_view domain, std::string_view key) const;
  // The rows that have a say for the class there, in order: for explanations.
  [[nodiscard]] std::vector<const RetryRow*> rows_for(FailureClass failure, std::string_view domain, std::string_view key) const;
};

}  // namespace hikyaku::delivery
