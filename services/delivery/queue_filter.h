// QueueFilter: which recipients of the queue a command means. All given conditions must hold; texts are compared without
// regard to ASCII case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "mail/envelope.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

struct QueueFilter {
  std::optional<TraceId> id;
  std::string sender;       // the whole reverse-path; "<>" for the null one
  std::string recipient;    // a whole address
  std::string domain;       // of the recipient
  std::string account;      // who authenticated when it was sent
  std::string destination;  // key of the lane ("mx:example.net"), or its name alone
  std::string error;        // part of the last reply
  std::string code;         // of the last reply, as spool::has_code() has it
  std::optional<std::uint8_t> failure_class;  // of the last attempt
  Duration at_least_old{};                    // since acceptance
  std::optional<Duration> at_most_old;
  std::uint64_t least_octets = 0, most_octets = UINT64_MAX;
  friend bool operator==(const QueueFilter&, const QueueFilter&) = default;
};

// For the spool's own search; `filter` must outlive it.
[[nodiscard]] spool::DeferredFilter for_spool(const QueueFilter& filter, WallTime now);
[[nodiscard]] spool::FreshFilter fresh_for_spool(const QueueFilter& filter, WallTime now);
// Whether the spool's search decides by hashes, so that each match is to be verified on the envelope.
[[nodiscard]] bool needs_envelope(const QueueFilter& filter);
[[nodiscard]] bool envelope_matches(const QueueFilter& filter, const Envelope& envelope, std::uint32_t recipient, WallTime now);
[[nodiscard]] bool schedule_matches(const QueueFilter& filter, const TraceId& id, const spool::Schedule& schedule);
// Fresh mail has no destination, error or class yet.
[[nodiscard]] bool only_deferred(const QueueFilter& filter);

}  // namespace hikyaku::delivery
