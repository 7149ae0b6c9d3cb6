#include "storage/watch_dispatcher.h"

namespace hikyaku::storage {
namespace {
// Commits that come faster are announced together: an IDLE session need not wake a thousand times a second.
constexpr Duration gather = std::chrono::milliseconds{2};
constexpr Duration look_again = std::chrono::seconds{1};
}  // namespace

class WatchDispatcher::Registration final : public Watch {
 public:
  Registration(std::shared_ptr<WatchDispatcher> dispatcher, std::uint64_t id) : dispatcher_(std::move(dispatcher)), id_(id) {}
  ~Registration() override { dispatcher_->remove(id_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  std::shared_ptr<WatchDispatcher> dispatcher_;
  std::uint64_t id_;
};

std::unique_ptr<Watch> WatchDispatcher::add(std::uint64_t hash, WatchCallback changed) {
  const std::lock_guard hold(mutex_);
  // An id carries its stripe, so that remove() finds it.
  const auto id = next_id_++ * WatchPage::stripes + hash % WatchPage::stripes;
  entries_[hash % WatchPage::stripes][id] = std::make_shared<Entry>(Entry{hash, page_.version(hash), std::move(changed)});
  if (!thread_.joinable() && !stopping_) thread_ = std::thread([this] { run(); });
  return std::make_unique<Registration>(shared_from_this(), id);
}

void WatchDispatcher::remove(std::uint64_t id) {
  std::unique_lock hold(mutex_);
  entries_[id % WatchPage::stripes].erase(id);
  if (std::this_thread::get_id() != thread_.get_id()) idle_.wait(hold, [&] { return running_ != id; });
}

void WatchDispatcher::stop() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  page_.ring();
  if (thread_.joinable()) thread_.join();
}

void WatchDispatcher::run() {
  std::array<std::uint32_t, WatchPage::stripes> seen;
  for (std::uint32_t i = 0; i < WatchPage::stripes; ++i) seen[i] = page_.stripe(i);
  auto bell = page_.bell() - 1;  // a commit between add() and here is looked for at once
  auto next_look = std::chrono::steady_clock::now();
  for (;;) {
    const auto rung = page_.wait(bell, look_again);
    {
      const std::lock_guard hold(mutex_);
      if (stopping_) return;
    }
    const bool look_at_all = std::chrono::steady_clock::now() >= next_look;
    if (look_at_all) next_look = std::chrono::steady_clock::now() + look_again;
    for (std::uint32_t i = 0; i < WatchPage::stripes; ++i) {
      const auto now = page_.stripe(i);
      if (now == seen[i] && !look_at_all) continue;
      dispatch(i, now != seen[i]);
      seen[i] = now;
    }
    if (rung != bell) std::this_thread::sleep_for(gather);
    bell = rung;
  }
}

void WatchDispatcher::dispatch(std::uint32_t stripe, bool rung) {
  std::unique_lock hold(mutex_);
  std::vector<std::uint64_t> ids;
  for (const auto& [id, entry] : entries_[stripe]) ids.push_back(id);
  for (const auto id : ids) {
    const auto found = entries_[stripe].find(id);
    if (found == entries_[stripe].end() || stopping_) continue;
    const auto entry = found->second;
    // Where the page has no room for a version, every ring of the stripe may be this partition's.
    const auto now = page_.version(entry->hash);
    if (now ? now == entry->seen : !rung) continue;
    entry->seen = now;
    running_ = id;
    hold.unlock();
    entry->changed();
    hold.lock();
    running_ = 0;
    idle_.notify_all();
  }
}

}  // namespace hikyaku::storage
