// AccountUpkeep: what mailboxes need now and then, done by the service that fills them. Every hour, one account after
// another, each within a short time, what account_care.h finds to do. What is not finished goes on an hour later.
#pragma once

#include <map>

#include "io/loop.h"
#include "io/workers.h"
#include "services/delivery/account_care.h"
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
  explicit AccountUpkeep(Parts parts);

  // Until the loop stops.
  Task<void> run();

 private:
  Task<void> round();
  bool are_over(const std::vector<TraceId>& ids, std::vector<bool>& over) const;

  Parts parts_;
  SystemClock clock_;
  std::map<std::uint16_t, ForgetLine> lines_;  // by journal
  AccountCare care_;
};

}  // namespace hikyaku::delivery
