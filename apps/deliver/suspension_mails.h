// SuspensionMails: administrators ([refusals] administrators) get one mail of each account that `auth` suspended. What was told stands in
// spool/told-suspensions, so that a restart tells nothing twice.
#pragma once

#include "apps/service/service.h"
#include "base/task.h"
#include "io/disk.h"
#include "io/repeat.h"
#include "services/directory/directory.h"
#include "services/history/suspended.h"
#include "services/spool/spool.h"

namespace hikyaku::apps {

class SuspensionMails {
 public:
  SuspensionMails(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool, const directory::Reader& directory);
  Task<void> run();  // until the loop stops

 private:
  // When the directory has changed.
  Task<Duration> step();
  void remember();
  void look(const directory::Snapshot& snapshot);  // on a worker
  bool tell(const std::vector<history::SuspendedAccount>& accounts);

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  io::Disk& disk_;
  spool::Spool& spool_;
  const directory::Reader& directory_;
  const std::string path_;
  const SystemClock clock_;
  bool remembered_ = false;
  std::string kept_;  // what the file says
  std::optional<storage::Version> seen_;
};

}  // namespace hikyaku::apps
