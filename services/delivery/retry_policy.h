// When a deferred recipient is tried again, and when it is given up: pure arithmetic over what happened so far. Each class
// of failure has a rule: a count of attempts (refusals) or a period since the first failed attempt (all others), an
// interval and how it grows. Periods run only while delivery could have happened: time under a hold, with deliver
// stopped, or in our own trouble, is not in `elapsed`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/clock.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {

enum class Growth : std::uint8_t { Doubling, Constant };

// The rule of one class, everything filled in.
struct RetryRule {
  std::uint32_t attempts = 1;  // of a counted class: in all; 1: final at once (RFC 5321 §4.2.1)
  Duration period{};           // of a timed class
  Duration interval{};         // wait after the first failure
  Duration longest_interval{}; // growth stops here
  Growth growth = Growth::Doubling;
  friend bool operator==(const RetryRule&, const RetryRule&) = default;
};

// What a row of rules says of a class; what it leaves out stays.
struct RuleChange {
  std::optional<std::uint32_t> attempts;
  std::optional<Duration> period, interval, longest_interval;
  std::optional<Growth> growth;
  friend bool operator==(const RuleChange&, const RuleChange&) = default;
};

struct RetryRules {
  using Growth = delivery::Growth;
  std::uint32_t refused_attempts = 1;
  Duration transient_period = std::chrono::days{5};  // RFC 5321 §4.5.4.1: at least 4-5 days
  Duration no_answer_period = std::chrono::days{5};
  Duration error_mail_period = std::chrono::days{5};  // of mail from the null sender, whatever the timed class
  Duration interval = std::chrono::seconds{120};
  Duration longest_interval = std::chrono::hours{1};
  Duration greylist_interval = std::chrono::minutes{5};  // at a greylist whose wait is not known yet; it never grows
  Growth growth = Growth::Doubling;
  std::array<RuleChange, failure_classes> changes{};  // rows for this destination (schedule/retry_table.h)
  friend bool operator==(const RetryRules&, const RetryRules&) = default;

  [[nodiscard]] RetryRule rule(FailureClass failure) const;
  // E-Post's values: 9 attempts, 8 hours, 24 hours.
  [[nodiscard]] static RetryRules epost();
};

enum class MailKind : std::uint8_t { Ordinary, ErrorMail };  // ErrorMail: from the null sender

struct FailureHistory {
  FailureClass last = FailureClass::Transient;
  std::uint32_t attempts = 1;  // failed ones, this one included
  Duration elapsed{};          // since the first failed attempt, pauses taken out; zero for the first
  MailKind kind = MailKind::Ordinary;
  std::optional<Duration> wait;  // what the peer asked for, or what its greylist is known to want
};

struct RetryAfter { Duration wait; };
struct GiveUp {};
using RetryDecision = std::variant<RetryAfter, GiveUp>;

// Nobody is given up before the count or the period is full, and the last attempt is made exactly at the period's end:
// a wait that would reach beyond it is cut short. No allocation, never waits.
[[nodiscard]] RetryDecision decide(const RetryRules& rules, const FailureHistory& history);

// How long a recipient whose last failure was `failure` is kept; nothing for a counted class.
[[nodiscard]] std::optional<Duration> period_of(const RetryRules& rules, FailureClass failure, MailKind kind);

// All waits from the one after the n-th failed attempt to the last attempt of a counted class; zero: that was made.
// At most ten years.
[[nodiscard]] Duration waits_between(const RetryRule& rule, std::uint32_t attempts);

// The wait after the n-th failed attempt (n from 1), before any cut by a period's end.
[[nodiscard]] Duration wait_after(const RetryRule& rule, std::uint32_t attempts);

}  // namespace hikyaku::delivery
