// Habits: what is usual for each account: the networks and countries it logs in from, how much it sends in an hour, how many recipients are refused,
// here and by other servers.
// From that follow two answers: whether a network is usual (services/abuse/login_penalties.h), and how much speaks for a stranger
// sending with the account's password.
//
// Bounded; pure but for the time it is given. Kept by HabitsFile. docs/adr/0032-abuse.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mail/account_id.h"

namespace hikyaku::abuse {

struct KnownPlace {
  std::string name;  // a network, "192.0.2.0/24", "2001:db8::/48", or the owner of a client's name, "ocn.ne.jp"; or a country, "JP"
  WallTime first{}, last{};
  WallTime sent{};   // of networks: when it last sent from there, its client's owner being nobody known; zero: never
  friend bool operator==(const KnownPlace&, const KnownPlace&) = default;
};

struct Habit {
  static constexpr std::size_t most_networks = 16, most_countries = 8, hours = 24, weeks = 4;
  WallTime since{};                      // of the first login or mail
  std::vector<KnownPlace> networks, countries;  // least recently used first
  std::uint64_t hour = 0;                // since 1970, that sent[0] and refused[0] are of; [1]: the one before
  std::array<std::uint32_t, hours> sent{}, refused{}, refused_elsewhere{};  // recipients; elsewhere: of those that were sent, by other servers for good
  std::uint64_t week = 0;                // likewise, of peaks[0]
  std::array<std::uint32_t, weeks> peaks{};  // recipients in the busiest hour that is a day old
  WallTime told{}, warned{};             // when something unusual, and when enough of it, was last told of; `warned` is not written
  WallTime ruled{};                      // of the newest Ruling
  friend bool operator==(const Habit&, const Habit&) = default;
};

struct SendTerms {
  std::uint64_t recipients = 200;  // in an hour: fewer are never sudden
  std::uint64_t times_usual = 10;  // the busiest hour of the last weeks
  std::uint64_t networks = 3;      // new ones that it sends from in a day
  std::uint64_t refused = 50;      // recipients in a day, and a quarter of all
};

// What an operator found of an account that was told of: somebody else sent, or the owner did and it is usual from now on.
struct Ruling {
  enum class Was : std::uint8_t { Stranger, Owner } was = Was::Stranger;
  WallTime at{};
  WallTime came{};  // Stranger: networks that are newer are his
};

// One message of an account, before it is taken; or recipients that were refused, then or later.
struct Sent {
  std::string_view client;       // address; empty: none
  std::string_view client_name;  // that leads back to the address; empty: not known
  std::string_view country;      // of the address; empty: not known
  std::uint32_t recipients = 0, refused = 0, refused_elsewhere = 0;
};

struct Suspicion {
  int points = 0;       // enough: somebody else sends
  std::string because;  // "612 recipients within an hour, 40 were the most of four weeks; ..." (evidence.h)
  static constexpr int enough = 3, unusual = 2;
};

class Habits {
 public:
  static constexpr std::size_t most_accounts = 500'000;
  static constexpr auto networks_are_kept = std::chrono::days{60}, countries_are_kept = std::chrono::days{366}, news_for = std::chrono::days{2}, settled_after = std::chrono::days{7};

  // Says what of this alone speaks for a stranger: a new country. `country`: empty: not known.
  Suspicion logged_in(AccountId account, std::string_view client, std::string_view country, WallTime now);
  [[nodiscard]] bool is_usual(AccountId account, std::string_view client) const;
  // Counts it, and says what now speaks for a stranger.
  Suspicion sent(AccountId account, const Sent& sent, const SendTerms& terms, WallTime now);
  // True once a day for each account, and once more when it is enough: it is worth a line.
  bool tell(AccountId account, int points, WallTime now);
  // Once for each `at`: says whether it was new. A stranger's networks and what he sent are forgotten; what the owner did is usual.
  bool rule(AccountId account, const Ruling& ruling);
  // The others are no more.
  void keep_only(const std::set<std::uint64_t>& accounts);

  [[nodiscard]] const std::map<std::uint64_t, Habit>& all() const { return habits_; }
  void restore(AccountId account, Habit habit);

 private:
  Habit* of(AccountId account, WallTime now);
  static KnownPlace& see_network(Habit& habit, std::string name, WallTime now);
  static void see_country(Habit& habit, std::string_view country, const KnownPlace& home, WallTime now);
  static void move_on(Habit& habit, WallTime now);
  static void say_volume(Suspicion& suspicion, const Habit& habit, const SendTerms& terms, WallTime now);
  static void say_refused(Suspicion& suspicion, const Habit& habit, const SendTerms& terms);
  static void say_origin(Suspicion& suspicion, Habit& habit, const Sent& sent, const SendTerms& terms, WallTime now);
  static void say_countries(Suspicion& suspicion, const Habit& habit, WallTime now);

  std::map<std::uint64_t, Habit> habits_;
};

// One account's line, and back; nothing: it makes no sense. Linear, bounded.
[[nodiscard]] std::string habit_line(AccountId account, const Habit& habit);
[[nodiscard]] std::optional<std::pair<AccountId, Habit>> parse_habit_line(std::string_view line);
// A file of them. How many lines could not be read.
std::size_t restore_habits(Habits& habits, std::string_view text);

}  // namespace hikyaku::abuse
