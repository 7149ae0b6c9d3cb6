// Workers: a bounded pool of threads for everything that blocks or computes for long (files, SQLite, argon2, RSA).
// A coroutine awaits the result, and goes on on its own loop. A full queue is an ordinary answer. What background work asks for waits
// behind all else, and never has more than half of the threads; of eight jobs one is of it, whatever else comes.
//
//   auto hash = workers.run(loop, [password = std::move(password)] { return hash_of(password); });
//   auto done = co_await std::move(hash);      // Result<Hash, WorkersBusy>
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "io/loop.h"

namespace hikyaku::io {

class Workers;

// The queue is full, or the pool is stopping: try later, or answer that we are busy (SMTP 451).
struct WorkersBusy {
  std::size_t queued = 0;
};

namespace detail {

// One piece of work between a coroutine and a worker; shared by both, so that neither end dies under the other.
class Job {
 public:
  virtual ~Job() = default;
  virtual void perform() = 0;  // on a worker; throws what the work throws

  std::exception_ptr thrown;
  std::coroutine_handle<> waiting;  // on the loop's thread only; null when nobody waits (any more)
  bool finished = false;            // on the loop's thread only

 private:
  friend class hikyaku::io::Workers;
  enum class State : std::uint8_t { Queued, Running, Over };
  State state = State::Queued;  // under the pool's mutex
  Loop* loop = nullptr;
  Precedence precedence = Precedence::Ordinary;
};

template <class Work>
class JobOf final : public Job {
 public:
  using Value = std::invoke_result_t<Work&>;
  using Kept = std::conditional_t<std::is_void_v<Value>, std::monostate, Value>;
  explicit JobOf(Work work) : work_(std::move(work)) {}
  void perform() override {
    if constexpr (std::is_void_v<Value>) {
      work_();
      value.emplace();
    } else {
      value.emplace(work_());
    }
  }
  std::optional<Kept> value;

 private:
  Work work_;
};

}  // namespace detail

class Workers {
 public:
  // Waiting jobs of a precedence beyond `queue_limit` are refused.
  Workers(int threads, std::size_t queue_limit);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  // Finishes what is queued, then joins. Every coroutine that awaits this pool must have ended or been destroyed.
  ~Workers();

  // Runs `work` on a worker and returns its value. `work` must not touch the loop's state; what it throws is thrown
  // here. It is not cancelled, not by Loop::stop() either: a coroutine destroyed while waiting blocks its thread until
  // the work is over, so `work` may refer to the coroutine's frame.
  template <class Work>
  Task<Result<std::invoke_result_t<Work&>, WorkersBusy>> run(Loop& loop, Work work);

  // Work nobody waits for. False when the queue is full.
  bool start(std::move_only_function<void()> work);

  [[nodiscard]] std::size_t queued() const;

 private:
  using Queue = std::deque<std::shared_ptr<detail::Job>>;
  static constexpr unsigned background_part = 8;  // one job of so many, at least
  // Under the mutex: of which queue the next job is; null: of none.
  [[nodiscard]] Queue* next_queue();
  bool enqueue(const std::shared_ptr<detail::Job>& job);
  void abandon(detail::Job& job);
  void serve();

  const std::size_t queue_limit_, threads_limit_;
  mutable std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable work_over_;
  Queue queues_[2];                // by precedence
  std::size_t in_background_ = 0;  // threads
  unsigned ordinary_run_ = 0;      // jobs since the last of background work
  bool stopping_ = false;
  std::vector<std::thread> threads_;

  // Gives a job up when the awaiting coroutine is destroyed early.
  struct Claim {
    Workers& pool;
    std::shared_ptr<detail::Job> job;
    ~Claim() { pool.abandon(*job); }
  };
  Task<bool> perform(Loop& loop, std::shared_ptr<detail::Job> job);
};

template <class Work>
Task<Result<std::invoke_result_t<Work&>, WorkersBusy>> Workers::run(Loop& loop, Work work) {
  using JobType = detail::JobOf<Work>;
  auto job = std::make_shared<JobType>(std::move(work));
  auto performing = perform(loop, job);
  const bool performed = co_await std::move(performing);
  if (!performed) co_return failure(WorkersBusy{queued()});
  if constexpr (std::is_void_v<typename JobType::Value>) {
    co_return Result<void, WorkersBusy>{};
  } else {
    co_return std::move(*job->value);
  }
}

}  // namespace hikyaku::io
