#include "apps/deliver/queue_server.h"

namespace hikyaku::apps {

delivery::QueueReply QueueServer::perform(const delivery::QueueRequest& request, std::vector<delivery::Retried>& retried) {
  using namespace delivery;
  if (const auto* list = std::get_if<QueueListRequest>(&request))
    return list_queue(spool_, list->filter, list->limit, clock_.wall());
  if (const auto* retry = std::get_if<QueueRetryRequest>(&request)) {
    auto made_due = retry_queue(spool_, retry->filter, retry->run, clock_.wall());
    if (!made_due) return QueueRefusal{made_due.error().what};
    const std::uint64_t count = made_due->size();
    if (retry->run == RetryRun::Real) retried = std::move(*made_due);
    return QueueRetryReply{count};
  }
  if (const auto* asked = std::get_if<QueueHoldRequest>(&request)) {
    directory::Hold hold;
    hold.scope = asked->scope, hold.pattern = asked->pattern;
    return count_held(spool_, hold);
  }
  return spool_.counts();
}

io::Task<io::Message> QueueServer::answer(io::Message message) {
  const auto request = delivery::decode_queue_request(message.octets);
  if (!request)
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{
        "deliver did not understand the request: use the `hikyaku` of the running version"}}), {}};
  std::vector<delivery::Retried> retried;
  auto work = workers_.run(loop_, [&] { return perform(*request, retried); });
  auto reply = co_await std::move(work);
  if (!reply)
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{"deliver is busy: try again shortly"}}), {}};
  delivery_.retry_now(retried);
  co_return io::Message{encode(*reply), {}};
}

}  // namespace hikyaku::apps
