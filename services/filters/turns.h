// Turns: no more than so many at once of one loop ask a program beside us; the others wait in order, and no longer than they want to.
#pragma once

#include "base/task.h"
#include "io/loop.h"

namespace hikyaku::filters {

class Turns {
 public:
  explicit Turns(io::Loop& loop) : loop_(loop) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // True: leave() when done (Turn does).
  Task<bool> enter(std::size_t most, Deadline deadline) {
    if (running_ < most && !waiting_.linked()) {
      ++running_;
      co_return true;
    }
    io::Wait turn(loop_, &waiting_, deadline, io::Wake::TimedOut);
    const auto woken = co_await turn;
    co_return woken == io::Wake::Ready;
  }
  // A place that becomes free is given to the first who waits.
  void leave() {
    if (waiting_.linked()) static_cast<io::Wait*>(waiting_.next())->wake(io::Wake::Ready);
    else --running_;
  }
  [[nodiscard]] std::size_t running() const { return running_; }

 private:
  io::Loop& loop_;
  std::size_t running_ = 0;
  io::Hook waiting_;
};

class Turn {
 public:
  explicit Turn(Turns& turns) : turns_(turns) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { turns_.leave(); }

 private:
  Turns& turns_;
};

}  // namespace hikyaku::filters
