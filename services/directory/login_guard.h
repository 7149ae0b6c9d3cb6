// LoginGuard: what `auth` does against guessed passwords: failed logins cost time (services/abuse/login_penalties.h), and where accounts log in
// is learned (services/abuse/habits.h), so that nobody locks an owner out. One loop's own.
#pragma once

#include <string>

#include "base/task.h"
#include "io/loop.h"
#include "mail/account_id.h"
#include "services/abuse/habits_store.h"
#include "services/abuse/login_penalties.h"
#include "services/telemetry/log.h"

namespace hikyaku::directory {

enum class SlowFailures : std::uint8_t { No, Yes };

struct GuardTerms {
  SlowFailures slow_failures = SlowFailures::Yes;
  abuse::PenaltyTerms penalties;
};

struct GuardParts {
  abuse::HabitsStore* habits = nullptr;  // null: every network is unusual
  telemetry::Log* log = nullptr;
};

class LoginGuard {
 public:
  LoginGuard(io::Loop& loop, GuardParts parts) : loop_(loop), parts_(parts) {}
  void set(GuardTerms terms);

  // `name`: the account's address, or what was claimed and has the form of one; empty: neither.
  [[nodiscard]] abuse::LoginTry try_of(const std::string& client, const std::string& name, AccountId account) const;
  // Waits for its turn. The error is one sentence: not now. Else failed(), succeeded() or undone() must follow.
  Task<Result<void, std::string>> wait_for_turn(abuse::LoginTry one);
  void failed(const abuse::LoginTry& one, std::uint64_t guess);
  void succeeded(const abuse::LoginTry& one);
  void undone(const abuse::LoginTry& one);
  // A login that is right, remembered ones too.
  void came_in(AccountId account, const std::string& client);

  [[nodiscard]] abuse::LoginPenalties& penalties() { return penalties_; }

 private:
  io::Loop& loop_;
  const GuardParts parts_;
  const SystemClock clock_;
  GuardTerms terms_;
  abuse::LoginPenalties penalties_;
};

}  // namespace hikyaku::directory
