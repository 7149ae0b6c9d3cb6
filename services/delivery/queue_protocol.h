// What the command line and a running `deliver` say to each other about the queue, as wire messages for io/channel.h.
// A request has one descriptor, the /proc/self/status of who asks (io/seccomp_count.h). Pure; a broken message is nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "services/delivery/hold_count.h"
#include "services/delivery/queue.h"
#include "services/delivery/queue_actions.h"
#include "services/directory/directory.h"
#include "services/delivery/why/why_view.h"

namespace hikyaku::delivery {

// Answered with a QueueList: at the latest after 25 ms of search with what was found so far; then it has fewer items than asked for
// and says where to go on.
struct QueueListRequest {
  QueueFilter filter;
  QueueCursor after;
  std::uint32_t limit = 100;  // at most 1,000 are answered
};
struct QueueCountRequest {};
struct QueueSummaryRequest {
  QueueFilter filter;
  std::uint32_t limit = 100;  // destinations, at most 500
  std::optional<SummaryCursor> after = {};
};
enum class ActionRun : std::uint8_t { Dry, Real };
struct QueueActionRequest {
  QueueFilter filter;
  QueueAction action;
  ActionRun run = ActionRun::Dry;  // dry: only how many match, deferred ones by the hashes of their addresses
  QueueCursor after = first_of_all;
  std::uint32_t limit = 500;  // changed with one request, at most 2,000: ask again with `next`. Fewer after 25 ms of search
  std::string by = {};  // who gave the command, for the log, as the command line knows it: it may have taken another user on since. 100 octets are read
};
// What a hold would keep now: answered with a HoldCount.
struct QueueHoldRequest {
  directory::HoldScope scope = directory::HoldScope::All;
  std::string pattern;
  std::uint64_t id = 0;  // of a hold of chosen mail
};
// Where a message is, or what a domain's mail waits for: answered with a WhyAnswer.
struct QueueWhyRequest {
  std::optional<TraceId> id;
  std::string domain;  // without an id: a domain, or a destination's key
};
using QueueRequest = std::variant<QueueListRequest, QueueCountRequest, QueueSummaryRequest, QueueActionRequest, QueueHoldRequest, QueueWhyRequest>;

struct QueueRefusal {
  std::string what;  // one sentence with a remedy
};
struct QueueActionReply {
  std::uint64_t recipients = 0;  // that were changed, or would be
  std::optional<QueueCursor> next;
  std::vector<std::string> troubles;
  std::map<std::uint64_t, std::uint64_t> kept = {};  // ActionPage::kept; not of a dry run
};
using QueueReply = std::variant<QueueList, spool::SpoolCounts, QueueSummary, QueueActionReply, QueueRefusal, HoldCount, WhyAnswer>;

[[nodiscard]] std::string encode(const QueueRequest& request);
[[nodiscard]] std::optional<QueueRequest> decode_queue_request(std::string_view bytes);
[[nodiscard]] std::string encode(const QueueReply& reply);
[[nodiscard]] std::optional<QueueReply> decode_queue_reply(std::string_view bytes);

// Carries a request out, wherever the spool is open. What it changed is added to `touched`. `in_hand`: as act_on_queue() has it.
// Blocks.
[[nodiscard]] QueueReply answer_queue(spool::Spool& spool, const QueueRequest& request, const ActionContext& context, ReadIncoming reading,
                                      std::vector<Touched>& touched, InHand* in_hand = nullptr);

}  // namespace hikyaku::delivery
