#include "services/spool/spool_flusher.h"

#include <chrono>

namespace hikyaku::spool {
namespace {
constexpr auto flush_within = std::chrono::milliseconds{15};  // and 5 for the flush itself
constexpr auto tend_every = std::chrono::seconds{1};
}  // namespace

SpoolFlusher::SpoolFlusher(Spool& spool, std::function<void(const SpoolError&)> on_error)
    : spool_(spool), on_error_(std::move(on_error)), flusher_([this] { run_flusher(); }), tender_([this] { run_tender(); }) {}

SpoolFlusher::~SpoolFlusher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  tending_.notify_all();
  flusher_.join();
  tender_.join();
}

void SpoolFlusher::outcomes_written() {
  {
    const std::lock_guard lock(mutex_);
    if (written_) return;
    written_ = true;
  }
  wake_.notify_all();
}

void SpoolFlusher::run_flusher() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait(lock, [this] { return written_ || stopping_; });
    if (!stopping_) wake_.wait_for(lock, flush_within, [this] { return stopping_; });  // others join
    written_ = false;
    lock.unlock();
    if (auto done = spool_.flush(); !done && on_error_) on_error_(done.error());
    lock.lock();
  }
}

void SpoolFlusher::run_tender() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (auto done = spool_.tend(); !done && on_error_) on_error_(done.error());
    lock.lock();
    tending_.wait_for(lock, tend_every, [this] { return stopping_; });
  }
}

}  // namespace hikyaku::spool
