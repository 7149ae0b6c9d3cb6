// What a line of reception's log tells the ledger. Pure, linear; lines that tell it nothing are the most, and cost little.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "services/policy/ledger.h"

namespace hikyaku::policy {

struct TakenIn {
  WallTime at{};
  std::string client, sender, recipient;
};
// A recipient refused for good.
struct RefusedForGood {
  WallTime at{};
  std::string client, rule;  // empty: the log of an older version, for himself
};
using LedgerLine = std::variant<PutOff, TakenIn, RefusedForGood>;

// Nothing: it is about something else or about who logged in, it is damaged, or it was put off and no rule had a part in it (our own trouble, a full mailbox).
[[nodiscard]] std::optional<LedgerLine> parse_ledger_line(std::string_view line);

}  // namespace hikyaku::policy
