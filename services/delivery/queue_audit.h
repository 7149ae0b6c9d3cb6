// QueueAudit: what operators did to the queue, as log lines: one for each command, and the last one of each message that
// ended by it, so that trace, why, faillog and log days tell the truth. Where the spool is open, in deliver or in a command.
#pragma once

#include <string>
#include <vector>

#include "services/delivery/queue_protocol.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

class QueueAudit {
 public:
  explicit QueueAudit(telemetry::Log& log) : log_(log) {}
  ~QueueAudit() { tell(); }
  QueueAudit(const QueueAudit&) = delete;
  QueueAudit& operator=(const QueueAudit&) = delete;

  // One request and what it did; `pid` of who asks: the parts of one command are told together. Never waits.
  void carried_out(const QueueRequest& request, const QueueReply& reply, const std::vector<Touched>& touched, int pid);

 private:
  void tell();
  void tell_end(const QueueAction& action, const Touched& one, const std::string& by) const;
  void tell_made(const QueueAction& action, const Touched& one) const;

  struct Command {
    int pid = 0;
    std::string what, by;
    std::uint64_t recipients = 0;
  };
  telemetry::Log& log_;
  Command under_way_;
};

// "--domain example.net", as the operator could have typed it; "--all" where nothing is chosen.
[[nodiscard]] std::string filter_text(const QueueFilter& filter);
// "bounce --domain example.net".
[[nodiscard]] std::string command_text(const QueueActionRequest& request);

}  // namespace hikyaku::delivery
