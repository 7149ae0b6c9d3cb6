// The keeper of escrow, in `deliver` (docs/adr/0035-escrow.md): looks after the copies that reception left, on a worker.
#pragma once

#include "apps/service/service.h"
#include "io/repeat.h"
#include "services/escrow/keeper.h"

namespace hikyaku::apps {

class EscrowTask {
 public:
  EscrowTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk);
  // Until the loop stops.
  Task<void> run();

 private:
  void look();

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  const SystemClock clock_;
  escrow::Keeper keeper_;
  std::string trouble_;  // that was told last
};

}  // namespace hikyaku::apps
