// Settler: hands what became of recipients to the spool. Many sessions call it, one call of the spool serves all that
// wait, and each goes on when its own is written. The spool's trouble (disk full, failing device) is ours and nobody
// else's: it is told to the log and tried again until it works or the service stops.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "io/loop.h"
#include "io/workers.h"
#include "services/spool/spool.h"
#include "services/spool/spool_flusher.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

class Settler {
 public:
  // `many_come`: whether it is worth a millisecond to let others join a write; without it none waits.
  Settler(io::Loop& loop, io::Workers& workers, spool::Spool& spool, spool::SpoolFlusher& flusher, telemetry::Log& log,
          std::function<bool()> many_come = {});
  ~Settler();

  enum class Ending : std::uint8_t {
    Written,     // and flushed where the spool promises so
    Stopped,     // the service stops first: the recipient is delivered or tried again after the next start
    Over,        // the message had its end before: nothing is to be written
    NoRoom,      // a deferral for which the disk has no space: the message stays where it is, and is to be tried again
    Impossible,  // its text is damaged or too large; other messages are not held up by it
    Overtaken,   // nothing is written: somebody else wrote of a recipient since it was read (spool::SpoolFailure)
  };
  Task<Ending> settle(spool::Settlement settlement);
  Task<Ending> defer(spool::Deferral deferral);

  [[nodiscard]] bool idle() const { return !writing_ && waiting_.empty() && later_ == 0; }

 private:
  struct Request;
  struct Group;
  Task<Ending> submit(std::unique_ptr<Request> request);
  Task<void> write_all();
  // Puts requests back when space may have been made; those behind them go on meanwhile.
  Task<void> write_later(std::vector<std::shared_ptr<Request>> requests);
  static spool::SpoolResult<> write(spool::Spool& spool, Group& group);
  static spool::SpoolResult<> write_one_by_one(spool::Spool& spool, Group& group);

  io::Loop& loop_;
  io::Workers& workers_;
  spool::Spool& spool_;
  spool::SpoolFlusher& flusher_;
  telemetry::Log& log_;
  const std::function<bool()> many_come_;
  std::vector<std::shared_ptr<Request>> waiting_;
  bool writing_ = false;
  Instant last_write_{};
  std::size_t later_ = 0;  // requests that wait for space
};

}  // namespace hikyaku::delivery
