// What a coroutine awaits on a Loop: one suspended wait, kept in the coroutine's own frame, without allocation.
// It is in the loop's timer heap and in the list of what it waits for, and leaves both when woken or destroyed.
#pragma once

#include <coroutine>
#include <cstdint>

#include "base/clock.h"

namespace hikyaku::io {

class Loop;

// How a wait ended. Cancelled: the loop stops, or somebody gave this wait up; end what you do.
enum class Wake : std::uint8_t { Ready, TimedOut, Cancelled };

// Whose turn it is where several are ready. Background work gives way to ordinary work, and has a bounded part all the same.
enum class Precedence : std::uint8_t { Ordinary, Background };

// A link of a circular list, or its head. Unlinks itself when destroyed.
class Hook {
 public:
  Hook() = default;
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
  ~Hook() { unlink(); }

  [[nodiscard]] bool linked() const { return next_ != this; }
  [[nodiscard]] Hook* next() const { return next_; }
  void link_before(Hook& place) {
    unlink();
    next_ = &place;
    previous_ = place.previous_;
    previous_->next_ = this;
    place.previous_ = this;
  }
  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = this;
  }
  // Moves all links of `other`, which becomes empty, to the end of this list.
  void take_all(Hook& other) {
    while (other.linked()) other.next()->link_before(*this);
  }

 private:
  Hook* next_ = this;
  Hook* previous_ = this;
};

class Wait : public Hook {
 public:
  // Waits in `list` (none when null) until woken or until `deadline`, which ends it with `at_deadline`.
  Wait(Loop& loop, Hook* list, Deadline deadline, Wake at_deadline)
      : loop_(&loop), list_(list), deadline_(deadline), outcome_(at_deadline) {}
  ~Wait();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> suspended);
  Wake await_resume() const noexcept { return outcome_; }

  // Ends the wait: the coroutine is resumed at the loop's next turn. From the loop's thread. Nothing when already
  // woken.
  void wake(Wake outcome);

 protected:
  friend class Loop;
  static constexpr std::size_t no_timer = SIZE_MAX;

  Loop* loop_;
  Hook* list_;
  std::coroutine_handle<> suspended_;
  Deadline deadline_;
  std::size_t timer_ = no_timer;  // place in the loop's heap; none once woken
  Wake outcome_;
  Precedence precedence_ = Precedence::Ordinary;  // of the coroutine that waits
};

// A Wait that arms the loop's epoll set for a descriptor first.
class DescriptorWait : public Wait {
 public:
  DescriptorWait(Loop& loop, Hook* list, Deadline deadline, int fd, std::uint32_t events)
      : Wait(loop, list, deadline, Wake::TimedOut), fd_(fd), events_(events) {}
  // False (go on at once) when the descriptor is always ready.
  bool await_suspend(std::coroutine_handle<> suspended);

 private:
  int fd_;
  std::uint32_t events_;
};

}  // namespace hikyaku::io
