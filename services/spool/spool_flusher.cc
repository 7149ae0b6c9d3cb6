#include "services/spool/spool_flusher.h"

#include <chrono>

namespace hikyaku::spool {
namespace {
constexpr auto flush_within = std::chrono::milliseconds{15};  // and 5 for the flush itself
constexpr auto tend_every = std::chrono::seconds{1};
}  // namespace

SpoolFlusher::SpoolFlusher(Spool& spool, std::function<void(const SpoolError&)> on_error)
    : spool_(spool), on_error_(std::move(on_error)), thread_([this] { run(); }) {}

SpoolFlusher::~SpoolFlusher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void SpoolFlusher::outcomes_written() {
  {
    const std::lock_guard lock(mutex_);
    if (written_) return;
    written_ = true;
  }
  wake_.notify_all();
}

void SpoolFlusher::run() {
  auto next_tend = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_until(lock, next_tend, [this] { return written_ || stopping_; });
    if (written_ && !stopping_) wake_.wait_for(lock, flush_within, [this] { return stopping_; });  // others join
    written_ = false;
    lock.unlock();
    const bool tend = std::chrono::steady_clock::now() >= next_tend;
    if (auto done = tend ? spool_.tend() : spool_.flush(); !done && on_error_) on_error_(done.error());
    if (tend) next_tend = std::chrono::steady_clock::now() + tend_every;
    lock.lock();
  }
  lock.unlock();
  if (auto done = spool_.flush(); !done && on_error_) on_error_(done.error());
}

}  // namespace hikyaku::spool
