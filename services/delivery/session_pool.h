// SessionPool: connections that finished their work and wait a few seconds for more of the same destination.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "io/loop.h"
#include "services/delivery/remote_session.h"

namespace hikyaku::delivery {

class SessionPool {
 public:
  SessionPool(io::Loop& loop, Duration keep = 5s, std::size_t most = 200) : loop_(loop), keep_(keep), most_(most) {}

  // The one used last, or null. `key`: the next hop, and what was agreed on with it.
  std::unique_ptr<RemoteSession> take(const std::string& key);
  // Keeps it when it is usable and there is room, says goodbye otherwise.
  void put(const std::string& key, std::unique_ptr<RemoteSession> session);
  // Says goodbye and closes it; its place counts until then.
  void dismiss(std::unique_ptr<RemoteSession> session);
  // Says goodbye to `count` of those kept for the destination, whatever was agreed on with it; to all when there are fewer.
  void dismiss_some(const std::string& destination, std::uint32_t count);
  // Says goodbye to what has waited too long, or to all. Every second.
  void tend(bool all);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Kept {
    std::unique_ptr<RemoteSession> session;
    Instant until;
  };
  static Task<void> say_goodbye(std::unique_ptr<RemoteSession> session);

  io::Loop& loop_;
  const Duration keep_;
  const std::size_t most_;
  std::unordered_map<std::string, std::deque<Kept>> kept_;
  std::size_t size_ = 0;
};

}  // namespace hikyaku::delivery
