// What the command line and a running `deliver` say to each other about the queue, as wire messages for io/channel.h.
// Pure; a broken message is nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "services/delivery/hold_count.h"
#include "services/delivery/queue.h"

namespace hikyaku::delivery {

struct QueueListRequest {
  QueueFilter filter;
  std::uint32_t limit = 100;  // at most 1,000 are answered
};
struct QueueCountRequest {};
struct QueueRetryRequest {
  QueueFilter filter;
  RetryRun run = RetryRun::Dry;
};
// What a hold would keep now: answered with a HoldCount.
struct QueueHoldRequest {
  directory::HoldScope scope = directory::HoldScope::All;
  std::string pattern;
};
using QueueRequest = std::variant<QueueListRequest, QueueCountRequest, QueueRetryRequest, QueueHoldRequest>;

struct QueueRefusal {
  std::string what;  // one sentence with a remedy
};
struct QueueRetryReply {
  std::uint64_t recipients = 0;
};
using QueueReply = std::variant<QueueList, spool::SpoolCounts, QueueRetryReply, QueueRefusal, HoldCount>;

[[nodiscard]] std::string encode(const QueueRequest& request);
[[nodiscard]] std::optional<QueueRequest> decode_queue_request(std::string_view bytes);
[[nodiscard]] std::string encode(const QueueReply& reply);
[[nodiscard]] std::optional<QueueReply> decode_queue_reply(std::string_view bytes);

}  // namespace hikyaku::delivery
