// LoginPenalties: what failed logins cost who tries on. Each failure doubles the time until the next try is looked at: of the address,
// of its network once several addresses of it fail (IPv4: /32, /24; IPv6: /128, /64, /48), and of the account that is guessed at.
//
// Nobody locks an owner out: where the account has logged in before ("usual", services/abuse/habits.h), only failures for this
// account from that network count, and never for more than a quarter of a minute. The same wrong password again is next to no guess: a
// telephone with an old one does not shut out its office.
//
// A bounded table in memory; pure but for the time it is given. docs/adr/0032-abuse.md.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "io/socket_address.h"

namespace hikyaku::abuse {

enum class Place : std::uint8_t { Unusual, Usual };  // whether the account has logged in from that network before

struct PenaltyTerms {
  Duration most = 1h;                  // of an address; of a network a quarter of it
  std::vector<io::IpNetwork> exempt;   // clients that are never slowed
  friend bool operator==(const PenaltyTerms&, const PenaltyTerms&) = default;
};

// Who tries. `client`: its address; `account`: as claimed, folded.
struct LoginTry {
  std::string client, account;
  Place place = Place::Unusual;
};

class LoginPenalties {
 public:
  static constexpr Duration first_penalty = 500ms, longest_wait = 4s, most_for_account = 1min, most_for_usual = 15s, half_life = 6h;
  static constexpr double free_failures = 3, repeat_weight = 0.02;
  explicit LoginPenalties(std::size_t most_entries = 100'000) : most_entries_(most_entries) {}

  void set(PenaltyTerms terms) { terms_ = std::move(terms); }

  struct Admission {
    Duration wait{};       // before the password is looked at
    bool refused = false;  // the wait would be longer than a client waits: not now, and the password is not looked at
    std::string by;        // refused: the network, address or account it is for
  };
  // Takes the next turn. Each that is not refused must end with failed(), succeeded() or undone().
  [[nodiscard]] Admission admit(const LoginTry& one, Instant now);
  // `guess`: what tells one wrong password from another; 0: not known. What is now refused for the first time, or for twice as
  // long as when that was last told.
  struct Raised {
    std::string who;
    Duration penalty{};
    std::uint64_t failures = 0;
  };
  [[nodiscard]] std::vector<Raised> failed(const LoginTry& one, std::uint64_t guess, Instant now);
  // The account is forgiven; the address is not, or one known password would buy guesses at all others.
  void succeeded(const LoginTry& one, Instant now);
  // Nothing came of it: it was not the client's fault, or it hung up.
  void undone(const LoginTry& one, Instant now);

  struct Row {
    enum class Of : std::uint8_t { Address, Network, Account, AccountAtHome } of = Of::Address;
    std::string who;             // "192.0.2.7", "192.0.2.0/24", "ann@a.example", "ann@a.example 192.0.2.0/24"
    std::uint64_t failures = 0;  // since it is remembered
    Duration left{};             // until it may try again
    Duration penalty{};          // of the next failure
    Duration ago{};              // since the last failure
  };
  // Who is slowed now or by the next failure, longest first, at most `most`.
  [[nodiscard]] std::vector<Row> list(Instant now, std::size_t most) const;
  // Forgets an account, an address or a network: all that lies in it and all that it lies in. How many entries.
  std::size_t lift(std::string_view who);
  std::size_t lift_all();
  [[nodiscard]] std::size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    Row::Of of = Row::Of::Address;
    double score = 0;
    double needs = 0;            // failures that cost nothing
    unsigned under_way = 0, many = 0;  // tries; so many of them at once are usual
    unsigned least_parts = 0;    // of a network: so many of its parts must have failed
    Duration most{};
    Instant scored{}, free_at{}, last_failure{};
    std::uint64_t failures = 0;
    Duration told{};
    std::array<std::uint64_t, 8> parts{}, guesses{};  // hashes; 0: none
    std::list<std::string>::iterator age;
  };
  struct Level;
  [[nodiscard]] std::vector<std::pair<std::string, Level>> levels_of(const LoginTry& one) const;
  [[nodiscard]] bool is_exempt(const LoginTry& one) const;
  Entry& entry_of(const std::string& key, const Level& level, Instant now);
  static void fade(Entry& entry, Instant now);
  static void end(Entry& entry, Instant now);
  [[nodiscard]] static Duration penalty(const Entry& entry);
  void forget(const std::string& key);

  std::size_t most_entries_;
  PenaltyTerms terms_;
  std::unordered_map<std::string, Entry> entries_;  // by who
  std::list<std::string> ages_;                     // least recently tried first
};

}  // namespace hikyaku::abuse
