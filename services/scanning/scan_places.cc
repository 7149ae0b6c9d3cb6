#include "services/scanning/scan_places.h"

#include <algorithm>

namespace hikyaku::scanning {

struct ScanPlaces::Turn {
  io::Loop& loop;
  io::Hook waits;  // on the loop's thread
};

Task<bool> ScanPlaces::enter(io::Loop& loop, std::size_t at_once, Deadline deadline) {
  std::shared_ptr<Turn> turn;
  {
    const std::lock_guard lock(mutex_);
    if (running_ < at_once && waiting_.empty()) {
      ++running_;
      co_return true;
    }
    turn = std::make_shared<Turn>(loop);
    waiting_.push_back(turn);
  }
  // A place that is given meanwhile comes by the loop's mail, which is read when we have suspended.
  io::Wait told(loop, &turn->waits, deadline, io::Wake::TimedOut);
  const auto woken = co_await told;
  if (woken == io::Wake::Ready) co_return true;
  if (!withdraw(turn)) leave();  // given at the same moment: on to the next
  co_return false;
}

bool ScanPlaces::withdraw(const std::shared_ptr<Turn>& turn) {
  const std::lock_guard lock(mutex_);
  const auto place = std::ranges::find(waiting_, turn);
  if (place == waiting_.end()) return false;
  waiting_.erase(place);
  return true;
}

void ScanPlaces::leave() {
  std::shared_ptr<Turn> next;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  auto& loop = next->loop;
  loop.post([next = std::move(next)] {
    if (next->waits.linked()) static_cast<io::Wait*>(next->waits.next())->wake(io::Wake::Ready);
  });
}

std::size_t ScanPlaces::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace hikyaku::scanning
