#include "services/delivery/session_pool.h"

namespace hikyaku::delivery {

Task<void> SessionPool::say_goodbye(std::unique_ptr<RemoteSession> session) {
  auto quitting = session->quit();
  co_await std::move(quitting);
}

void SessionPool::dismiss(std::unique_ptr<RemoteSession> session) {
  session->place().closes();
  loop_.spawn(say_goodbye(std::move(session)));
}

void SessionPool::dismiss_some(const std::string& destination, std::uint32_t count) {
  for (auto key = kept_.begin(); key != kept_.end() && count > 0;) {
    auto& waiting = key->second;
    for (auto one = waiting.begin(); one != waiting.end() && count > 0;) {
      if (one->session->place().destination() != destination) {
        ++one;
        continue;
      }
      dismiss(std::move(one->session));
      one = waiting.erase(one);
      --size_, --count;
    }
    key = waiting.empty() ? kept_.erase(key) : std::next(key);
  }
}

std::unique_ptr<RemoteSession> SessionPool::take(const std::string& key) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  auto session = std::move(found->second.back().session);
  found->second.pop_back();
  --size_;
  if (found->second.empty()) kept_.erase(found);
  return session;
}

void SessionPool::put(const std::string& key, std::unique_ptr<RemoteSession> session) {
  if (!session->usable() || size_ >= most_ || loop_.stopping()) return dismiss(std::move(session));
  kept_[key].push_back({std::move(session), loop_.after(keep_)});
  ++size_;
}

void SessionPool::tend(bool all) {
  for (auto key = kept_.begin(); key != kept_.end();) {
    auto& waiting = key->second;
    while (!waiting.empty() && (all || waiting.front().until <= loop_.now())) {
      dismiss(std::move(waiting.front().session));
      waiting.pop_front();
      --size_;
    }
    key = waiting.empty() ? kept_.erase(key) : std::next(key);
  }
}

}  // namespace hikyaku::delivery
