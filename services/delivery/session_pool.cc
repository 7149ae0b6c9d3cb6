#include "services/delivery/session_pool.h"

namespace hikyaku::delivery {

Task<void> SessionPool::dismiss(std::unique_ptr<RemoteSession> session) {
  auto quitting = session->quit();
  co_await std::move(quitting);
}

std::unique_ptr<RemoteSession> SessionPool::take(const std::string& destination) {
  const auto found = kept_.find(destination);
  if (found == kept_.end()) return nullptr;
  auto session = std::move(found->second.back().session);
  found->second.pop_back();
  --size_;
  if (found->second.empty()) kept_.erase(found);
  return session;
}

void SessionPool::put(const std::string& destination, std::unique_ptr<RemoteSession> session) {
  if (!session->usable() || size_ >= most_ || loop_.stopping()) {
    loop_.spawn(dismiss(std::move(session)));
    return;
  }
  kept_[destination].push_back({std::move(session), loop_.after(keep_)});
  ++size_;
}

void SessionPool::tend(bool all) {
  for (auto destination = kept_.begin(); destination != kept_.end();) {
    auto& waiting = destination->second;
    while (!waiting.empty() && (all || waiting.front().until <= loop_.now())) {
      loop_.spawn(dismiss(std::move(waiting.front().session)));
      waiting.pop_front();
      --size_;
    }
    destination = waiting.empty() ? kept_.erase(destination) : std::next(destination);
  }
}

}  // namespace hikyaku::delivery
