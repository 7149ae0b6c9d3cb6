#include "io/workers.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"

namespace hikyaku::io {

namespace {

struct JobWait {
  detail::Job& job;
  [[nodiscard]] bool await_ready() const noexcept { return job.finished; }
  void await_suspend(std::coroutine_handle<> suspended) const noexcept { job.waiting = suspended; }
  void await_resume() const noexcept {}
};

// Runs on the loop's thread.
void finish(detail::Job& job) {
  job.finished = true;
  if (job.waiting) std::exchange(job.waiting, nullptr).resume();
}

void abort_on_escape(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& problem) {
    abort_for_bug(std::string("work nobody waits for threw: ") + problem.what(), std::source_location::current());
  } catch (...) {
    abort_for_bug("work nobody waits for threw", std::source_location::current());
  }
}

}  // namespace

Workers::Workers(int threads, std::size_t queue_limit) : queue_limit_(queue_limit), threads_limit_(static_cast<std::size_t>(threads)) {
  check(threads > 0, "a pool has threads");
  for (int i = 0; i < threads; ++i) threads_.emplace_back(&Workers::serve, this);
}

Workers::~Workers() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  work_there_.notify_all();
  for (auto& thread : threads_) thread.join();
}

std::size_t Workers::queued() const {
  const std::scoped_lock lock(mutex_);
  return queues_[0].size() + queues_[1].size();
}

bool Workers::enqueue(const std::shared_ptr<detail::Job>& job) {
  {
    const std::scoped_lock lock(mutex_);
    auto& queue = queues_[static_cast<std::size_t>(job->precedence)];
    if (stopping_ || queue.size() >= queue_limit_) return false;
    queue.push_back(job);
  }
  work_there_.notify_one();
  return true;
}

bool Workers::start(std::move_only_function<void()> work) {
  return enqueue(std::make_shared<detail::JobOf<std::move_only_function<void()>>>(std::move(work)));
}

void Workers::abandon(detail::Job& job) {
  job.waiting = nullptr;
  std::unique_lock lock(mutex_);
  if (job.state == detail::Job::State::Queued) {
    std::erase_if(queues_[static_cast<std::size_t>(job.precedence)], [&](const auto& queued) { return queued.get() == &job; });
    return;
  }
  work_over_.wait(lock, [&] { return job.state == detail::Job::State::Over; });
}

Task<bool> Workers::perform(Loop& loop, std::shared_ptr<detail::Job> job) {
  job->loop = &loop;
  job->precedence = loop.precedence();
  if (!enqueue(job)) co_return false;
  const Claim claim{*this, job};
  co_await JobWait{*job};
  if (job->thrown) std::rethrow_exception(job->thrown);
  co_return true;
}

Workers::Queue* Workers::next_queue() {
  auto& [ordinary, background] = queues_;
  const bool may = !background.empty() && (stopping_ || in_background_ < std::max<std::size_t>(1, threads_limit_ / 2));
  if (may && (ordinary.empty() || ordinary_run_ + 1 >= background_part)) return &background;
  return ordinary.empty() ? nullptr : &ordinary;
}

void Workers::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Queue* queue = nullptr;
    // Who has ended a job looks again before it sleeps: what was not allowed while it ran is seen by it.
    work_there_.wait(lock, [&] { return (queue = next_queue()) != nullptr || stopping_; });
    if (queue == nullptr) return;
    const auto job = std::move(queue->front());
    queue->pop_front();
    const bool in_background = job->precedence == Precedence::Background;
    in_background_ += in_background ? 1 : 0;
    ordinary_run_ = in_background ? 0 : ordinary_run_ + 1;
    job->state = detail::Job::State::Running;
    lock.unlock();
    try {
      job->perform();
    } catch (...) {
      job->thrown = std::current_exception();
    }
    if (job->loop != nullptr) {
      // Before `Over`: abandon() waits for that, and so nobody destroys the loop under this call.
      job->loop->post([job] { finish(*job); }, job->precedence);
    } else if (job->thrown) {
      abort_on_escape(job->thrown);
    }
    lock.lock();
    in_background_ -= in_background ? 1 : 0;
    job->state = detail::Job::State::Over;
    work_over_.notify_all();
  }
}

}  // namespace hikyaku::io
