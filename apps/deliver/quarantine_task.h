// The keeper of the quarantine, in `deliver`: what is too old goes, a full one is said to be full, and once a day the administrator gets
// a list by mail. All of it on a worker.
#pragma once

#include "apps/service/service.h"
#include "io/repeat.h"
#include "services/quarantine/store.h"
#include "services/spool/spool.h"

namespace hikyaku::apps {

class QuarantineTask {
 public:
  QuarantineTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool);
  // Until the loop stops.
  Task<void> run();

 private:
  void look();
  void forget_incomplete(const quarantine::Contents& contents);
  void send_digest(const quarantine::Contents& contents, WallTime now);

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  io::Disk& disk_;
  spool::Spool& spool_;
  const SystemClock clock_;
  quarantine::Store store_;
  std::vector<std::string> incomplete_;  // seen an hour ago
  Instant incomplete_since_{};
  bool told_full_ = false;
};

}  // namespace hikyaku::apps
