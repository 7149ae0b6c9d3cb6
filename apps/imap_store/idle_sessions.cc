#include "apps/imap_store/idle_sessions.h"

#include <atomic>
#include <utility>

namespace hikyaku::apps::imap_store {

// Shared with callbacks that may come late; `session` is null once it is gone.
struct IdleSession::Rope {
  io::Loop& loop;
  IdleSession* session;
  std::atomic<bool> posted = false;  // one ring waits in the loop's queue
};

IdleSession::IdleSession(io::Loop& loop, AccountId session_account, io::Connection& connection)
    : account(session_account), rope_(std::make_shared<Rope>(loop, this)), connection_(connection) {}

IdleSession::~IdleSession() { rope_->session = nullptr; }

storage::WatchCallback IdleSession::bell() const {
  return [rope = rope_] {
    if (rope->posted.exchange(true)) return;
    rope->loop.post([rope] {
      rope->posted = false;
      if (rope->session != nullptr) rope->session->ring();
    });
  };
}

void IdleSession::ring() {
  if (std::exchange(rung_, true)) return;
  if (waits_for_change) connection_.interrupt();
}

void IdleSession::say_goodbye(std::string text) {
  if (!goodbye_.empty()) return;
  goodbye_ = std::move(text);
  connection_.interrupt();
}

}  // namespace hikyaku::apps::imap_store
