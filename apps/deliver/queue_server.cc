#include "apps/deliver/queue_server.h"

namespace hikyaku::apps {

Task<io::Message> QueueServer::answer(io::Message message, io::PeerProcess peer) {
  const auto request = delivery::decode_queue_request(message.octets);
  if (!request)
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{
        "deliver did not understand the request: use the `hikyaku` of the running version"}}), {}};
  std::vector<delivery::Touched> touched;
  const delivery::ActionContext context{origin_(), directory_.newest()};
  auto work = workers_.run(loop_, [&] { return answer_queue(spool_, *request, context, delivery::ReadIncoming::No, touched, &delivery_.in_hand()); });
  auto reply = co_await std::move(work);
  if (!reply)
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{"deliver is busy: try again shortly"}}), {}};
  delivery_.queue_changed(touched);
  // The channel admits root and our own user only: they may say for whom they ask.
  audit_.carried_out(*request, *reply, touched, peer.pid);
  if (auto* summary = std::get_if<delivery::QueueSummary>(&*reply)) delivery_.add_states(*summary);
  if (auto* why = std::get_if<delivery::WhyAnswer>(&*reply)) delivery_.explain(*why, std::get<delivery::QueueWhyRequest>(*request).domain);
  co_return io::Message{encode(*reply), {}};
}

}  // namespace hikyaku::apps
