// LoginGuard: what `auth` does against guessed and stolen passwords: failed logins cost time (services/abuse/login_penalties.h), where accounts
// log in and how they send is learned (services/abuse/habits.h), and an account that is sent from by somebody else is suspended.
// One loop's own.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/task.h"
#include "io/loop.h"
#include "io/workers.h"
#include "services/abuse/countries_file.h"
#include "services/abuse/habits_store.h"
#include "services/abuse/login_penalties.h"
#include "services/directory/directory.h"
#include "services/directory/error.h"
#include "services/telemetry/log.h"

namespace hikyaku::directory {

enum class SlowFailures : std::uint8_t { No, Yes };
enum class WatchSending : std::uint8_t { Off, Shadow, Enforce };

struct GuardTerms {
  SlowFailures slow_failures = SlowFailures::Yes;
  abuse::PenaltyTerms penalties;
  WatchSending watch = WatchSending::Off;
  std::set<std::string> unwatched;  // accounts that may send as they like; folded
  abuse::SendTerms sending;
};

struct GuardParts {
  abuse::HabitsStore* habits = nullptr;  // null: every network is unusual, and sending is not watched
  telemetry::Log* log = nullptr;
  // Suspends the account; blocks. AlreadyExists: somebody else has.
  std::function<DirectoryResult<Suspension>(AccountId account, const std::string& why, WallTime now)> suspend = {};
  const abuse::CountriesFile* countries = nullptr;  // null: countries are not looked at
};

class LoginGuard {
 public:
  LoginGuard(io::Loop& loop, io::Workers& workers, GuardParts parts) : loop_(loop), workers_(workers), parts_(std::move(parts)) {}
  void set(GuardTerms terms);

  // `name`: the account's address, or what was claimed and has the form of one; empty: neither.
  [[nodiscard]] abuse::LoginTry try_of(const std::string& client, const std::string& name, AccountId account) const;
  // Waits for its turn. The error is one sentence: not now. Else failed(), succeeded() or undone() must follow.
  Task<Result<void, std::string>> wait_for_turn(abuse::LoginTry one);
  void failed(const abuse::LoginTry& one, std::uint64_t guess);
  void succeeded(const abuse::LoginTry& one);
  void undone(const abuse::LoginTry& one);
  // A login that is right, remembered ones too. `address`: the account's own.
  void came_in(AccountId account, const std::string& address, const std::string& client);

  // One message of the account is about to be taken. True: it is suspended now.
  struct SendFact {
    AccountId account;
    std::string address;  // the account's own
    std::string client, client_name;
    std::uint32_t recipients = 0, refused = 0, refused_elsewhere = 0;
  };
  Task<bool> sent(SendFact fact);
  // What an operator decided counts for what is usual. Cheap; again is nothing.
  void settle(const Suspension& suspension);

  [[nodiscard]] abuse::LoginPenalties& penalties() { return penalties_; }

 private:
  [[nodiscard]] bool is_ours(const std::string& client) const;  // by [policy] exempt_networks
  [[nodiscard]] std::string country_of(const std::string& client) const;
  void tell_unusual(AccountId account, const std::string& address, const std::string& client, const abuse::Suspicion& suspicion, WallTime now);

  io::Loop& loop_;
  io::Workers& workers_;
  const GuardParts parts_;
  const SystemClock clock_;
  GuardTerms terms_;
  abuse::LoginPenalties penalties_;
};

}  // namespace hikyaku::directory
