// The queue's history, written by a running `deliver`: a sample every minute, arrivals every hour, old files thinned
// (services/history). All of it on a worker; nothing waits for it, and its trouble is told in the log only.
#pragma once

#include <memory>
#include <mutex>

#include "apps/service/service.h"
#include "io/disk.h"
#include "io/loop.h"
#include "io/workers.h"
#include "services/directory/directory.h"
#include "services/history/arrivals.h"
#include "services/history/files.h"
#include "services/history/sampler.h"
#include "services/spool/spool.h"

namespace hikyaku::apps {

class HistoryTask {
 public:
  // Counts arrivals from here on: make it before the spool's first fresh(). `directory` outlives the workers.
  HistoryTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool, const directory::Reader& directory);
  // Until the loop stops.
  Task<void> run();
  // What is counted and not written: once, after the loop. Blocks.
  void finish();

 private:
  io::DiskResult<> sample();
  io::DiskResult<> write_arrivals(WallTime now, history::ArrivalCount::Which which);

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  spool::Spool& spool_;
  const SystemClock clock_;
  history::HistoryWriter writer_;
  history::Sampler sampler_;
  // The spool tells it, on its workers, as long as they run: longer than this object.
  const std::shared_ptr<history::ArrivalCount> arrivals_ = std::make_shared<history::ArrivalCount>();
  std::mutex writing_;  // a sample that the end of the loop did not wait for
  history::Time known_until_{}, thinned_{};
  Duration sampling_took_{};
  Instant sampled_{};
};

}  // namespace hikyaku::apps
