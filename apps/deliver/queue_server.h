// Answers the command line's questions about the queue, inside a running `deliver`.
#pragma once

#include <functional>

#include "io/channel.h"
#include "services/delivery/delivery.h"
#include "services/delivery/queue_audit.h"
#include "services/delivery/queue_protocol.h"

namespace hikyaku::apps {

class QueueServer {
 public:
  // `origin` of the reports it may make; asked on the loop. `confined`: seccomp binds this process, and every service with it.
  QueueServer(io::Loop& loop, io::Workers& workers, spool::Spool& spool, const directory::Reader& directory, delivery::Delivery& delivery,
              std::function<delivery::ReportOrigin()> origin, telemetry::Log& log, bool confined)
      : loop_(loop), workers_(workers), spool_(spool), directory_(directory), delivery_(delivery), origin_(std::move(origin)), audit_(log), confined_(confined) {}

  // One request to one reply; the form is services/delivery/queue_protocol.h's. Of our own user who is no less confined than we are is
  // refused: a service that was taken over, or what it runs, would discard the queue in an operator's name.
  Task<io::Message> answer(io::Message request, io::PeerProcess peer);

 private:
  [[nodiscard]] bool may_ask(const io::Message& message, io::PeerProcess peer) const;

  io::Loop& loop_;
  io::Workers& workers_;
  spool::Spool& spool_;
  const directory::Reader& directory_;
  delivery::Delivery& delivery_;
  const std::function<delivery::ReportOrigin()> origin_;
  delivery::QueueAudit audit_;
  const bool confined_;
};

}  // namespace hikyaku::apps
