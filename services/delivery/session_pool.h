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

  // The one used last, or null.
  std::unique_ptr<RemoteSession> take(const std::string& destination);
  // Keeps it when it is usable and there is room, says goodbye otherwise.
  void put(const std::string& destination, std::unique_ptr<RemoteSession> session);
  // Says goodbye to what has waited too long, or to all. Every second.
  void tend(bool all);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Kept {
    std::unique_ptr<RemoteSession> session;
    Instant until;
  };
  static Task<void> dismiss(std::unique_ptr<RemoteSession> session);

  io::Loop& loop_;
  const Duration keep_;
  const std::size_t most_;
  std::unordered_map<std::string, std::deque<Kept>> kept_;
  std::size_t size_ = 0;
};

}  // namespace hikyaku::delivery
