// Loop: one epoll event loop on one thread, over coroutines that share nothing with other loops. A coroutine spawned on
// a loop runs there until it ends; it never migrates. Nothing may block a loop: a debug build (HIKYAKU_DEBUG) aborts
// when one step uses more than Options::longest_step of CPU time (io/step_watch.h).
//
// A turn resumes all ordinary coroutines that are ready, and a few of those that were spawned as background work: however many
// of these are ready at once, ordinary ones never wait for more than background_steps of them.
//
// Stopping: stop() wakes every wait with Wake::Cancelled, and every later wait ends so too. run() returns when all
// spawned coroutines have ended, or after Options::drain_limit; it destroys what is left, after any worker's call under way for it.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "io/descriptor.h"
#include "io/wait.h"

namespace hikyaku::io {

class BufferPool;

class Loop {
 public:
  static constexpr int background_steps = 16;  // of a turn: together about half a millisecond

  // Told of an exception that left a spawned coroutine or a posted function: a bug of ours. Called on the loop's
  // thread.
  using BugHandler = std::function<void(std::exception_ptr)>;

  struct Options {
    const Clock* clock = nullptr;  // the system's when null; must outlive the loop
    BugHandler on_bug;             // when empty: one line to stderr, then abort
    Duration longest_step{};       // 0: usual_longest_step()
    Duration drain_limit = 10s;    // real time that run() gives coroutines to end after stop()
  };

  Loop() : Loop(Options{}) {}
  explicit Loop(Options options);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  // Destroys every coroutine of a loop that never ran. Call from the loop's thread or when that thread has ended.
  ~Loop();

  // Runs until stop(). Once per loop.
  void run();
  // Thread-safe and async-signal-unsafe; may be called before run() and more than once.
  void stop();
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  // Runs `work` on the loop's thread, in the order posted. Thread-safe, unbounded: what is posted must be bounded by
  // its source (a worker's queue, a session's one request). Work posted to a loop that has ended its run is destroyed.
  void post(std::move_only_function<void()> work, Precedence precedence = Precedence::Ordinary);
  // Starts a coroutine at the loop's next turn. From the loop's thread, or before run(). All that it awaits is done with its precedence,
  // on workers too; what it spawns has its own.
  void spawn(Task<void> task, Precedence precedence = Precedence::Ordinary);
  // Of what runs now.
  [[nodiscard]] Precedence precedence() const { return precedence_; }
  // Spawned coroutines that have not ended.
  [[nodiscard]] std::size_t spawned() const { return spawned_; }

  // Awaitables, for coroutines on this loop only. Instant::max() waits without end. Several may wait for one
  // descriptor. Spurious wakes happen: try the call and wait again. Regular files are always ready.
  [[nodiscard]] DescriptorWait readable(int fd, Deadline deadline);
  [[nodiscard]] DescriptorWait writable(int fd, Deadline deadline);
  // Ready at `when`.
  [[nodiscard]] Wait sleep_until(Instant when);
  // Lets everything else that is ready go first.
  [[nodiscard]] Wait yield();

  // Call before closing a descriptor that was waited for: waits on it end with Cancelled, and the number may be reused.
  void forget(int fd);
  // Ends the waits on `fd` with Cancelled; the descriptor stays usable.
  void cancel(int fd);

  [[nodiscard]] const Clock& clock() const { return *clock_; }
  [[nodiscard]] Instant now() const { return clock_->now(); }
  [[nodiscard]] Deadline after(Duration wait) const { return now() + wait; }

  // Read buffers shared by the connections of this loop (io/buffer_pool.h).
  [[nodiscard]] BufferPool& buffers() { return *buffers_; }

  // The loop that runs on this thread, or null.
  [[nodiscard]] static Loop* current();

 private:
  friend class Wait;
  friend class DescriptorWait;
  struct Root;

  struct DescriptorEntry {
    Hook readers;
    Hook writers;
    std::uint32_t armed = 0;
    bool registered = false;
  };
  struct Timer {
    Instant due;
    Wait* wait;
  };

  static Root start(Loop& loop, Task<void> task);
  void turn();
  void run_ready();
  void run_posted();
  void run_background();
  void perform(std::move_only_function<void()>& work, Precedence precedence);
  Hook& ready(Precedence precedence) { return ready_[static_cast<std::size_t>(precedence)]; }
  [[nodiscard]] bool anything_is_ready() const { return ready_[0].linked() || ready_[1].linked() || !background_.empty(); }
  void poll_descriptors(int timeout_ms);
  [[nodiscard]] int poll_timeout_ms() const;
  void fire_timers();
  void cancel_all_waits();
  void resume(Wait& wait);
  void report_bug() const;

  DescriptorEntry& entry(int fd);
  bool arm(int fd, std::uint32_t events);
  void descriptor_event(int fd, std::uint32_t events);
  static void wake_all(Hook& list, Wake outcome);

  void add_timer(Wait& wait, Instant due);
  void remove_timer(Wait& wait);
  void place_timer(std::size_t index, Timer timer);
  void sift_up(std::size_t index, Timer timer);
  void sift_down(std::size_t index, Timer timer);

  SystemClock system_clock_;
  const Clock* clock_;
  BugHandler on_bug_;
  Duration longest_step_;
  Duration drain_limit_;
  Descriptor epoll_;
  Descriptor wake_;
  std::unique_ptr<BufferPool> buffers_;

  Hook ready_[2];  // by precedence: waits to be resumed, first come first
  Precedence precedence_ = Precedence::Ordinary;
  Hook roots_;  // spawned coroutines
  std::size_t spawned_ = 0;
  std::vector<Timer> timers_;                // a binary heap of every wait that is not ready
  std::deque<DescriptorEntry> descriptors_;  // by number; addresses are stable

  std::atomic<bool> stopping_ = false;
  std::atomic<std::thread::id> thread_;  // of run(); none before
  bool cancelled_all_ = false;
  std::mutex posted_mutex_;
  struct Posted {
    std::move_only_function<void()> work;
    Precedence precedence;
  };
  std::vector<Posted> posted_;
  std::deque<std::move_only_function<void()>> background_;  // posted; on the loop's thread only
  bool closed_ = false;  // under posted_mutex_
};

}  // namespace hikyaku::io
