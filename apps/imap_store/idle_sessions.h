// IdleSessions: who of this process waits for news of which account. The engine's watch rings them within milliseconds;
// because a ring may be lost, a ticker compares versions once a second (storage/engine.h). The ticker also ends the
// sessions of accounts that were closed or lost their right to IMAP (DESIGN §4.1: re-checked within a second).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/connection.h"
#include "io/loop.h"
#include "io/wait.h"
#include "mail/account_id.h"
#include "storage/engine.h"

namespace hikyaku::apps::imap_store {

// One session's place in the list; on its loop's thread, but for Bell.
class IdleSession : public io::Hook {
 public:
  IdleSession(io::Loop& loop, AccountId session_account, io::Connection& connection);
  ~IdleSession();

  AccountId account;
  const WallTime began = SystemClock{}.wall();
  storage::Version version;    // of the account when the session looked last; 0: not known
  bool waits_for_change = false;

  // What storage::Engine::watch() calls, on any thread. Outlives the session.
  [[nodiscard]] storage::WatchCallback bell() const;
  // The account changed, perhaps: wakes the session when it waits for that.
  void ring();
  [[nodiscard]] bool take_ring() { return std::exchange(rung_, false); }
  // Ends the session with these words.
  void say_goodbye(std::string text);
  [[nodiscard]] const std::string& goodbye() const { return goodbye_; }

 private:
  struct Rope;
  std::shared_ptr<Rope> rope_;
  io::Connection& connection_;
  bool rung_ = false;
  std::string goodbye_;
};

}  // namespace hikyaku::apps::imap_store
