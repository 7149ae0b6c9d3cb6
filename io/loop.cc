#include "io/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signal.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/check.h"
#include "io/buffer_pool.h"
#include "io/step_watch.h"
#include "io/system_error.h"

namespace hikyaku::io {

namespace {

thread_local Loop* loop_of_thread = nullptr;

void abort_on_bug(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "a coroutine ended with an exception: %s\n", problem.what());
  } catch (...) {
    std::fprintf(stderr, "a coroutine ended with an exception of unknown type\n");
  }
  std::abort();
}

std::runtime_error startup_failure(const char* call, int error) {
  return std::runtime_error(describe_errno(call, "for an event loop", error));
}

void ring(int eventfd) {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop wakes anyway.
  [[maybe_unused]] const auto written = ::write(eventfd, &one, sizeof one);
}

}  // namespace

// The outermost frame of a spawned coroutine. It is in the loop's list while it lives and destroys itself at its end.
struct Loop::Root {
  struct promise_type : Hook {
    promise_type(Loop& on, Task<void>&) : loop(&on), first_turn(on, nullptr, Instant::min(), Wake::Ready) {
      link_before(loop->roots_);
      ++loop->spawned_;
    }
    ~promise_type() { --loop->spawned_; }
    Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { loop->report_bug(); }

    Loop* loop;
    Wait first_turn;
  };
  static void destroy_all(Hook& roots) {
    while (roots.linked()) std::coroutine_handle<promise_type>::from_promise(static_cast<promise_type&>(*roots.next())).destroy();
  }
  std::coroutine_handle<promise_type> handle;
};

Loop::Root Loop::start(Loop&, Task<void> task) { co_await std::move(task); }

Loop::Loop(Options options)
    : clock_(options.clock != nullptr ? options.clock : &system_clock_),
      on_bug_(std::move(options.on_bug)),
      longest_step_(options.longest_step > 0ns ? options.longest_step : usual_longest_step()),
      drain_limit_(options.drain_limit),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      buffers_(std::make_unique<BufferPool>()) {
  if (!epoll_) throw startup_failure("epoll_create1", errno);
  if (!wake_) throw startup_failure("eventfd", errno);
  if (!on_bug_) on_bug_ = abort_on_bug;
  // A peer that has gone is an answer of write(2), never a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  check(arm(wake_.get(), EPOLLIN), "an eventfd can be polled");
}

Loop::~Loop() {
  Root::destroy_all(roots_);
  std::vector<Posted> dropped;
  const std::scoped_lock lock(posted_mutex_);
  closed_ = true;
  dropped.swap(posted_);
}

void Loop::run() {
  check(loop_of_thread == nullptr, "one loop runs on a thread");
  loop_of_thread = this;
  thread_ = std::this_thread::get_id();
  while (!stopping()) turn();
  const auto give_up = std::chrono::steady_clock::now() + drain_limit_;
  while (spawned_ > 0 && std::chrono::steady_clock::now() < give_up) turn();
  {
    const std::scoped_lock lock(posted_mutex_);
    closed_ = true;
  }
  run_posted();
  for (auto& work : std::exchange(background_, {})) perform(work, Precedence::Background);
  Root::destroy_all(roots_);
  loop_of_thread = nullptr;
  thread_ = std::thread::id{};
}

void Loop::stop() {
  stopping_ = true;
  ring(wake_.get());
}

Loop* Loop::current() { return loop_of_thread; }

void Loop::post(std::move_only_function<void()> work, Precedence precedence) {
  bool first = false;
  {
    const std::scoped_lock lock(posted_mutex_);
    if (closed_) return;
    first = posted_.empty();
    posted_.push_back({std::move(work), precedence});
  }
  if (first) ring(wake_.get());
}

void Loop::spawn(Task<void> task, Precedence precedence) {
  const auto owner = thread_.load(std::memory_order_relaxed);
  check(owner == std::thread::id{} || owner == std::this_thread::get_id(),
        "other threads post, only the loop's own spawns");
  const auto root = start(*this, std::move(task));
  auto& first_turn = root.handle.promise().first_turn;
  first_turn.suspended_ = root.handle;
  first_turn.precedence_ = precedence;
  first_turn.link_before(ready(precedence));
}

DescriptorWait Loop::readable(int fd, Deadline deadline) { return {*this, &entry(fd).readers, deadline, fd, EPOLLIN}; }
DescriptorWait Loop::writable(int fd, Deadline deadline) { return {*this, &entry(fd).writers, deadline, fd, EPOLLOUT}; }
Wait Loop::sleep_until(Instant when) { return {*this, nullptr, when, Wake::Ready}; }
Wait Loop::yield() { return {*this, nullptr, Instant::min(), Wake::Ready}; }

void Loop::turn() {
  if (stopping() && !cancelled_all_) cancel_all_waits();
  run_ready();
  run_posted();
  run_background();
  poll_descriptors(poll_timeout_ms());
  fire_timers();
}

void Loop::run_ready() {
  Hook batch;  // what gets ready meanwhile waits for the next turn, so that descriptors and timers are not starved
  batch.take_all(ready(Precedence::Ordinary));
  while (batch.linked()) resume(static_cast<Wait&>(*batch.next()));
}

// Some of them in turn, of what was posted and of what waited: neither holds the other up.
void Loop::run_background() {
  for (int steps = 0; steps < background_steps && (!background_.empty() || ready(Precedence::Background).linked()); ++steps) {
    const bool posted = !background_.empty() && (steps % 2 == 0 || !ready(Precedence::Background).linked());
    if (!posted) {
      resume(static_cast<Wait&>(*ready(Precedence::Background).next()));
      continue;
    }
    auto work = std::move(background_.front());
    background_.pop_front();
    perform(work, Precedence::Background);
  }
}

void Loop::resume(Wait& wait) {
  const StepWatch watch(longest_step_);
  wait.unlink();
  precedence_ = wait.precedence_;
  wait.suspended_.resume();
  precedence_ = Precedence::Ordinary;
}

void Loop::run_posted() {
  std::vector<Posted> batch;
  {
    const std::scoped_lock lock(posted_mutex_);
    batch.swap(posted_);
  }
  for (auto& [work, precedence] : batch) {
    if (precedence == Precedence::Background) background_.push_back(std::move(work));
    else perform(work, precedence);
  }
}

void Loop::perform(std::move_only_function<void()>& work, Precedence precedence) {
  const StepWatch watch(longest_step_);
  precedence_ = precedence;
  try {
    work();
  } catch (...) {
    report_bug();
  }
  precedence_ = Precedence::Ordinary;
}

void Loop::report_bug() const { on_bug_(std::current_exception()); }

int Loop::poll_timeout_ms() const {
  // A loop whose last coroutine has ended after stop() waits for nothing: a command would feel it.
  if (anything_is_ready() || (stopping() && spawned_ == 0)) return 0;
  // A loop that drains looks at its limit from time to time.
  constexpr int drain_step_ms = 50;
  if (timers_.empty() || timers_.front().due == Instant::max()) return stopping() ? drain_step_ms : -1;
  const Duration left = timers_.front().due - now();
  if (left <= 0ns) return 0;
  // Rounded up: a timer never fires early, and a poll that ended early would spin.
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(milliseconds, stopping() ? drain_step_ms : 3'600'000));
}

void Loop::poll_descriptors(int timeout_ms) {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  check_or_abort(count >= 0 || errno == EINTR, "epoll_wait on our own set");
  // No coroutine runs in this loop, so no descriptor can be closed and its number reused between two events.
  for (int i = 0; i < count; ++i)
    descriptor_event(events[static_cast<std::size_t>(i)].data.fd, events[static_cast<std::size_t>(i)].events);
}

void Loop::fire_timers() {
  if (timers_.empty()) return;
  const Instant time = now();
  while (!timers_.empty() && timers_.front().due <= time && timers_.front().due != Instant::max()) {
    Wait& wait = *timers_.front().wait;
    wait.wake(wait.outcome_);
  }
}

void Loop::cancel_all_waits() {
  cancelled_all_ = true;
  while (!timers_.empty()) timers_.back().wait->wake(Wake::Cancelled);
}

// --- descriptors ---

// Interest stays armed after an event (the next wait then costs no system call) and is taken back only when an event
// finds nobody waiting.

Loop::DescriptorEntry& Loop::entry(int fd) {
  check(fd >= 0, "a wait names an open descriptor");
  const auto index = static_cast<std::size_t>(fd);
  while (descriptors_.size() <= index) descriptors_.emplace_back();
  return descriptors_[index];
}

bool Loop::arm(int fd, std::uint32_t events) {
  DescriptorEntry& at = entry(fd);
  if ((at.armed & events) == events) return true;
  epoll_event event{.events = at.armed | events, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_.get(), at.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    if (errno == EPERM) return false;  // a regular file: always ready
    check(!at.registered || errno != ENOENT, "Loop::forget comes before close");
    check(false, "epoll_ctl: " + words_of_errno(errno));
  }
  at.registered = true;
  at.armed |= events;
  return true;
}

void Loop::descriptor_event(int fd, std::uint32_t events) {
  if (fd == wake_.get()) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd, &count, sizeof count);
    return;
  }
  DescriptorEntry& at = entry(fd);
  const bool ended = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool nobody = !at.readers.linked() && !at.writers.linked();
  std::uint32_t idle = 0;
  if (!at.readers.linked()) idle |= EPOLLIN;
  if (!at.writers.linked()) idle |= EPOLLOUT;
  if (ended || (events & EPOLLIN) != 0) wake_all(at.readers, Wake::Ready);
  if (ended || (events & EPOLLOUT) != 0) wake_all(at.writers, Wake::Ready);
  if (nobody && ended) {  // these two cannot be masked: only leaving the set ends them
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    at.registered = false;
    at.armed = 0;
  } else if ((events & at.armed & idle) != 0) {
    at.armed &= ~(events & idle);
    epoll_event event{.events = at.armed, .data = {.fd = fd}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  }
}

void Loop::wake_all(Hook& list, Wake outcome) {
  while (list.linked()) static_cast<Wait&>(*list.next()).wake(outcome);
}

void Loop::cancel(int fd) {
  DescriptorEntry& at = entry(fd);
  wake_all(at.readers, Wake::Cancelled);
  wake_all(at.writers, Wake::Cancelled);
}

void Loop::forget(int fd) {
  cancel(fd);
  DescriptorEntry& at = entry(fd);
  // Explicit, since close(2) leaves the set alone while another process holds the same open file.
  if (at.registered) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  at.registered = false;
  at.armed = 0;
}

// --- timers ---

void Loop::place_timer(std::size_t index, Timer timer) {
  timers_[index] = timer;
  timer.wait->timer_ = index;
}

void Loop::sift_up(std::size_t index, Timer timer) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (timers_[parent].due <= timer.due) break;
    place_timer(index, timers_[parent]);
    index = parent;
  }
  place_timer(index, timer);
}

void Loop::sift_down(std::size_t index, Timer timer) {
  for (std::size_t child = 2 * index + 1; child < timers_.size(); child = 2 * index + 1) {
    if (child + 1 < timers_.size() && timers_[child + 1].due < timers_[child].due) ++child;
    if (timer.due <= timers_[child].due) break;
    place_timer(index, timers_[child]);
    index = child;
  }
  place_timer(index, timer);
}

void Loop::add_timer(Wait& wait, Instant due) {
  timers_.emplace_back();
  sift_up(timers_.size() - 1, Timer{due, &wait});
}

void Loop::remove_timer(Wait& wait) {
  const std::size_t index = wait.timer_;
  if (index == Wait::no_timer) return;
  wait.timer_ = Wait::no_timer;
  const Timer last = timers_.back();
  timers_.pop_back();
  if (index == timers_.size()) return;
  if (index > 0 && last.due < timers_[(index - 1) / 2].due) return sift_up(index, last);
  sift_down(index, last);
}

// --- waits ---

Wait::~Wait() { loop_->remove_timer(*this); }

void Wait::await_suspend(std::coroutine_handle<> suspended) {
  suspended_ = suspended;
  precedence_ = loop_->precedence_;
  if (loop_->stopping()) outcome_ = Wake::Cancelled;
  if (loop_->stopping() || deadline_ == Instant::min()) return link_before(loop_->ready(precedence_));
  if (list_ != nullptr) link_before(*list_);
  loop_->add_timer(*this, deadline_);
}

bool DescriptorWait::await_suspend(std::coroutine_handle<> suspended) {
  if (!loop_->arm(fd_, events_)) {
    outcome_ = Wake::Ready;
    return false;
  }
  Wait::await_suspend(suspended);
  return true;
}

void Wait::wake(Wake outcome) {
  if (timer_ == no_timer) return;
  outcome_ = outcome;
  loop_->remove_timer(*this);
  link_before(loop_->ready(precedence_));
}

}  // namespace hikyaku::io
