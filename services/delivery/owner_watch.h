// OwnerWatch: whether whoever waits in the spool has somebody who will try it. The lanes, the deferred index and what is under
// way own all of them, each once (invariant 5); here the disk's word is held against that, a slice at a time. To read the spool
// and to ask the scheduler are two steps, so who has no owner is asked for again at the next look, and is an orphan then.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/delivery/schedule/scheduler.h"
#include "services/spool/spool.h"

namespace hikyaku::delivery {

class OwnerWatch {
 public:
  static constexpr std::size_t slice = 4'000;  // recipients at a look: a step of the loop below some milliseconds

  struct Waiting {
    std::string destination;
    spool::DeferredTimes times;
    [[nodiscard]] DeferredEntry entry() const { return {times.id, times.recipient}; }
  };
  // On a worker: the next slice of who is deferred, and which of those without an owner wait still. No I/O.
  void read(spool::Spool& spool);
  // On the loop, after that: those that nobody owned at the last look either.
  // `in_hand`: whom an operator's command has, which will say what becomes of them; none when empty.
  [[nodiscard]] std::vector<Waiting> orphans(const Scheduler& scheduler, const std::function<bool(const DeferredEntry&)>& in_hand = {});

 private:
  spool::DeferredCursor from_ = 0;
  std::vector<Waiting> slice_, suspects_;
};

}  // namespace hikyaku::delivery
