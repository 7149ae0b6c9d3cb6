// What MAIL may ask of a message's time: how urgent it is (MT-PRIORITY, RFC 6710), not before when (HOLDFOR and HOLDUNTIL,
// RFC 4865), by when (BY, RFC 2852); and what a server offers of it. Values and their words; pure, linear.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mail/envelope.h"

namespace hikyaku::smtp {

inline constexpr int most_priority = 9;
inline constexpr std::int32_t most_seconds = 999'999'999;  // both RFCs: nine digits

struct HoldRequest {
  std::uint32_t seconds = 0;  // HOLDFOR, 1 to most_seconds; 0: HOLDUNTIL
  WallTime until{};           // HOLDUNTIL
  friend bool operator==(const HoldRequest&, const HoldRequest&) = default;
};

struct ByRequest {
  std::int32_t seconds = 0;  // from now; below zero with Notify only: it was late before it came here
  ByMode mode = ByMode::Notify;
  bool trace = false;
  friend bool operator==(const ByRequest&, const ByRequest&) = default;
};

// Nothing: not of the form, or out of range.
[[nodiscard]] std::optional<std::int8_t> parse_priority(std::string_view text);
[[nodiscard]] std::optional<std::uint32_t> parse_hold_for(std::string_view text);
[[nodiscard]] std::optional<ByRequest> parse_by(std::string_view text);
[[nodiscard]] std::string by_value(const ByRequest& by);  // "120;R"
// "2026-11-22T05:46:22Z", "2026-11-22T14:46:22.5+09:00" (RFC 3339 §5.6); a leap second is the one before it.
[[nodiscard]] std::optional<WallTime> parse_date_time(std::string_view text);
[[nodiscard]] std::string date_time_text(WallTime when);  // in UTC, in whole seconds

// What a listener takes of it. The defaults offer nothing.
struct TimeOffers {
  bool priority = false;
  std::string priority_policy;       // announced with it (RFC 6710 §9.2), may be empty
  std::int8_t most_urgent = most_priority;  // from clients that logged in or are trusted; from others 0
  std::chrono::seconds longest_hold{0};     // submission only (RFC 4865 §4.2); zero: FUTURERELEASE is not offered
  bool deliver_by = false;
  std::chrono::seconds shortest_by{0};      // of BY=...;R
};

}  // namespace hikyaku::smtp
