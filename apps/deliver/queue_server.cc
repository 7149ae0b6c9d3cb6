#include "apps/deliver/queue_server.h"

#include <unistd.h>

#include "io/seccomp_count.h"

namespace hikyaku::apps {

// Landlock keeps us from looking into /proc for ourselves.
bool QueueServer::may_ask(const io::Message& message, io::PeerProcess peer) const {
  if (!confined_ || (peer.uid == 0 && ::geteuid() != 0)) return true;
  if (message.descriptors.size() != 1) return false;
  const auto ours = io::filters_of_this_process(), theirs = io::filters_shown(message.descriptors.front().get(), peer.pid);
  return ours && theirs && *theirs < *ours;
}

Task<io::Message> QueueServer::answer(io::Message message, io::PeerProcess peer) {
  const auto request = delivery::decode_queue_request(message.octets);
  if (!request)
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{
        "deliver did not understand the request: use the `hikyaku` of the running version"}}), {}};
  if (!may_ask(message, peer))
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{
        "deliver does not hear confined processes. Remedy: run this as root, with the `hikyaku` of the running version"}}), {}};
  std::vector<delivery::Touched> touched;
  const delivery::ActionContext context{origin_(), directory_.newest()};
  auto work = workers_.run(loop_, [&] { return answer_queue(spool_, *request, context, delivery::ReadIncoming::No, touched, &delivery_.in_hand()); });
  auto reply = co_await std::move(work);
  if (!reply)
    co_return io::Message{encode(delivery::QueueReply{delivery::QueueRefusal{"deliver is busy: try again shortly"}}), {}};
  delivery_.queue_changed(touched);
  // Root, or our own user's shell: they may say for whom they ask.
  audit_.carried_out(*request, *reply, touched, peer.pid);
  if (auto* summary = std::get_if<delivery::QueueSummary>(&*reply)) delivery_.add_states(*summary);
  if (auto* list = std::get_if<delivery::QueueList>(&*reply)) delivery_.add_states(*list);
  if (auto* why = std::get_if<delivery::WhyAnswer>(&*reply)) delivery_.explain(*why, std::get<delivery::QueueWhyRequest>(*request).domain);
  co_return io::Message{encode(*reply), {}};
}

}  // namespace hikyaku::apps
