// When a deferred recipient is tried again, and when it is given up: pure arithmetic over what happened so far.
// Three classes of failure have limits of their own, as E-Post's operators know them: a refusal is counted, a transient
// failure and a silent peer are timed. Periods run from the first failed attempt, and only while delivery could have
// happened: time under a hold, or with deliver stopped, is not in `elapsed`.
#pragma once

#include <cstdint>
#include <variant>

#include "base/clock.h"

namespace hikyaku::delivery {

enum class FailureClass : std::uint8_t {
  Refused,    // 5xx: the peer has said no
  Transient,  // 4xx: the peer asked for another time
  NoAnswer,   // nothing answered: connect, timeout, line cut before a reply, no usable DNS answer
};

struct RetryRules {
  std::uint32_t refused_attempts = 1;  // attempts in all; 1: a refusal is final at once (RFC 5321 §4.2.1)
  Duration transient_period = std::chrono::days{5};  // RFC 5321 §4.5.4.1: at least 4-5 days
  Duration no_answer_period = std::chrono::days{5};
  Duration interval = std::chrono::seconds{120};          // wait after the first failure
  Duration longest_interval = std::chrono::hours{1};      // growth stops here
  enum class Growth : std::uint8_t { Doubling, Constant } growth = Growth::Doubling;

  // E-Post's values: 9 attempts, 8 hours, 24 hours.
  [[nodiscard]] static RetryRules epost();
};

struct FailureHistory {
  FailureClass last = FailureClass::Transient;
  std::uint32_t attempts = 1;  // failed ones, this one included
  Duration elapsed{};          // since the first failed attempt, pauses taken out; zero for the first
};

struct RetryAfter { Duration wait; };
struct GiveUp {};
using RetryDecision = std::variant<RetryAfter, GiveUp>;

// Nobody is given up before the count or the period is full, and the last attempt is made exactly at the period's end:
// a wait that would reach beyond it is cut short. No allocation, never waits.
[[nodiscard]] RetryDecision decide(const RetryRules& rules, const FailureHistory& history);

// The wait after the n-th failed attempt (n from 1), before any cut by a period's end.
[[nodiscard]] Duration wait_after(const RetryRules& rules, std::uint32_t attempts);

}  // namespace hikyaku::delivery
