// The queue as the operator sees it: list, count and retry, over the spool. The same code runs inside `deliver` (asked
// through run/deliver-control.sock) and in the command line, which takes the spool's lock itself when deliver is
// stopped. Blocking: call on workers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/spool/spool.h"

namespace hikyaku::delivery {

// All given conditions must hold. Texts are compared without regard to ASCII case.
struct QueueFilter {
  std::optional<TraceId> id;
  std::string sender;       // the whole reverse-path; "<>" for the null one
  std::string recipient;    // a whole address
  std::string domain;       // of the recipient
  std::string destination;  // key of the lane ("mx:example.net"), or its name alone
  std::string error;        // part of the last reply
  Duration at_least_old{};  // since acceptance
  friend bool operator==(const QueueFilter&, const QueueFilter&) = default;
};

enum class QueueState : std::uint8_t { Incoming, Deferred };

// One recipient that is not settled.
struct QueueItem {
  TraceId id;
  QueueState state = QueueState::Incoming;
  std::string sender, recipient, sent_by;  // sent_by: the account that logged in to send it
  std::uint32_t recipient_index = 0;
  std::uint64_t octets = 0;
  WallTime accepted_at{};
  // Deferred only:
  std::string destination, last_reply;
  std::uint8_t failure_class = 0;
  std::uint32_t attempts = 0;
  WallTime first_failed{}, next_due{};
  friend bool operator==(const QueueItem&, const QueueItem&) = default;
};

// At most `limit` matching recipients, deferred ones first. `more`: some were left out.
struct QueueList {
  std::vector<QueueItem> items;
  bool more = false;
};
[[nodiscard]] QueueList list_queue(spool::Spool& spool, const QueueFilter& filter, std::size_t limit, WallTime now);

struct Retried {
  std::string destination;
  TraceId id;
  std::uint32_t recipient = 0;
};
// Makes matching deferred recipients due now, durably; attempts and periods stay as they are.
// A dry run only tells which.
enum class RetryRun : std::uint8_t { Dry, Real };
[[nodiscard]] spool::SpoolResult<std::vector<Retried>> retry_queue(spool::Spool& spool, const QueueFilter& filter,
                                                                  RetryRun run, WallTime now);

}  // namespace hikyaku::delivery
