// AccountUpkeep: what mailboxes need now and then, done by the service that fills them. Every hour, one account after
// another, each within a short time: notes of deliveries that cannot be repeated are forgotten, expunged messages and
// their bodies collected. What is not finished goes on an hour later.
#pragma once

#include <map>

#include "io/loop.h"
#include "io/workers.h"
#include "services/delivery/forget_line.h"
#include "services/directory/directory.h"
#include "services/mailboxes/mailboxes.h"
#include "services/spool/spool.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

class AccountUpkeep {
 public:
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    spool::Spool& spool;
    mailboxes::Mailboxes& mailboxes;
    const directory::Reader& directory;
    telemetry::Log& log;
    std::uint16_t node = 1;
    std::uint16_t generated_journal = 0;  // as Delivery's
  };
  explicit AccountUpkeep(Parts parts) : parts_(parts) {}

  // Until the loop stops.
  io::Task<void> run();

 private:
  io::Task<void> round();
  mailboxes::MailboxResult<> tend(AccountId account) const;  // on a worker
  bool are_over(const std::vector<TraceId>& ids, std::vector<bool>& over) const;

  Parts parts_;
  std::map<std::uint16_t, ForgetLine> lines_;  // by journal
  std::vector<TraceId> forget_below_;
};

}  // namespace hikyaku::delivery
