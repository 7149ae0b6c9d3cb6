// Answers the command line's questions about the queue, inside a running `deliver`.
#pragma once

#include "io/channel.h"
#include "services/delivery/delivery.h"
#include "services/delivery/queue_protocol.h"

namespace hikyaku::apps {

class QueueServer {
 public:
  QueueServer(io::Loop& loop, io::Workers& workers, spool::Spool& spool, delivery::Delivery& delivery, const Clock& clock)
      : loop_(loop), workers_(workers), spool_(spool), delivery_(delivery), clock_(clock) {}

  // One request to one reply; the form is services/delivery/queue_protocol.h's.
  io::Task<io::Message> answer(io::Message request);

 private:
  delivery::QueueReply perform(const delivery::QueueRequest& request, std::vector<delivery::Retried>& retried);
  io::Loop& loop_;
  io::Workers& workers_;
  spool::Spool& spool_;
  delivery::Delivery& delivery_;
  const Clock& clock_;
};

}  // namespace hikyaku::apps
