// SuspendedPage: which accounts are suspended, for the watch, who may not read the directory: counters/auth/suspended, a line each,
// "SINCE BY ADDRESS WHY" (services/history/suspended.h). Written whenever it changes. What operators decide is learned on the way.
#pragma once

#include <string>

#include "apps/service/service.h"
#include "base/task.h"
#include "io/disk.h"
#include "io/loop.h"
#include "io/workers.h"
#include "services/directory/directory.h"
#include "services/directory/login_guard.h"

namespace hikyaku::apps {

class SuspendedPage {
 public:
  SuspendedPage(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, const directory::Reader& reader, directory::LoginGuard& guard)
      : service_(service), loop_(loop), workers_(workers), disk_(disk), reader_(reader), guard_(guard) {}
  Task<void> run();  // until the loop stops

 private:
  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  io::Disk& disk_;
  const directory::Reader& reader_;
  directory::LoginGuard& guard_;
};

}  // namespace hikyaku::apps
