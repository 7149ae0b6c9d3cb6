// Ledger: temporary refusals gathered into senders who keep trying: same client network, sender and recipient (E-Post's administrators
// sort their reject logs so), with how it tries, what can be proved of it, how likely it is an honest sender, and when it may give up.
//
// Pure: it is told what the log says, roughly in the order of time, and explains every point it gives. Bounded: who was silent longest goes first, of those
// who came once before those who came again.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"

namespace hikyaku::policy {

// The letter of the kind, as the sorting scripts for S25R have it.
enum class RefusalKind : char { Client = 'C', DnsList = 'B', Sender = 'S', Recipient = 'R', Hello = 'H', Other = 'O' };
[[nodiscard]] RefusalKind kind_of_rule(std::string_view rule);

// A try that was put off (4xx).
struct PutOff {
  WallTime at{};
  std::string client;       // its address
  std::string client_name;  // that leads back to it; empty: none, or not known
  std::string helo, sender, recipient, rule, reason;
  bool proved = false;      // SPF vouches for the sender
};

struct LedgerKey {
  std::string network, sender, recipient;
  friend auto operator<=>(const LedgerKey&, const LedgerKey&) = default;
};

struct Point {
  int points = 0;
  std::string_view why, why_ja;
};

struct LedgerEntry {
  LedgerKey key;
  WallTime first{}, last{};
  std::uint64_t tries = 0;
  std::chrono::seconds shortest{}, longest{};  // between two tries; 0 with one
  std::set<std::string> clients;               // addresses, at most most_clients
  std::string client_name, helo, rule, reason; // of the last try
  bool proved = false;
  WallTime came_in_at{};                       // the last time mail of this sender was taken from this network, or from any for this recipient, or released to him
  [[nodiscard]] bool came_in() const { return came_in_at > last; }
  [[nodiscard]] RefusalKind kind() const { return kind_of_rule(rule); }

  static constexpr std::size_t most_clients = 50;
};

struct Likelihood {
  int percent = 0;  // 1 to 99
  std::vector<Point> points;
};
// How likely an honest sender stands behind it. `neighbours`: entries of the same network.
[[nodiscard]] Likelihood likelihood(const LedgerEntry& entry, std::size_t neighbours);
// When senders who try for so long usually give up: the next of 1 h, 4 h, 1, 2 and 5 days after the first try.
[[nodiscard]] WallTime may_give_up(const LedgerEntry& entry, WallTime now);
// Silent for longer than its own rhythm explains: three times its longest wait, at least 4 and at most 24 hours.
[[nodiscard]] bool has_given_up(const LedgerEntry& entry, WallTime now);

class Ledger {
 public:
  static constexpr std::size_t most_entries = 200'000;

  Ledger() = default;
  Ledger(Ledger&&) = default;
  Ledger& operator=(Ledger&&) = default;

  // Logarithmic, each.
  void put_off(PutOff refusal);
  void accepted(const std::string& client, const std::string& sender, const std::string& recipient, WallTime at);
  // Mail of this sender for this recipient was delivered by decision (escrow).
  void released(const std::string& sender, const std::string& recipient, WallTime at);
  // Entries that were silent since before then.
  void forget(WallTime before);
  [[nodiscard]] std::vector<const LedgerEntry*> entries() const;
  [[nodiscard]] const LedgerEntry* find(const LedgerKey& key) const;
  [[nodiscard]] std::size_t neighbours(const std::string& network) const;

 private:
  using Entries = std::map<LedgerKey, LedgerEntry>;
  // Who came once goes before who came again, unless those are few: most of the world's bots come once.
  using Place = std::tuple<bool, WallTime, const LedgerKey*>;  // came again, last try
  [[nodiscard]] static Place place_of(const LedgerEntry& entry) { return {entry.tries > 1, entry.last, &entry.key}; }
  void enter(const LedgerEntry& entry);
  void leave(const LedgerEntry& entry);
  void erase(const LedgerKey& key);
  static void come_in(LedgerEntry& entry, WallTime at);

  Entries entries_;
  std::map<std::string, std::size_t> of_network_;
  std::set<Place> by_silence_;
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> by_pair_;  // sender, recipient, network
  std::size_t once_ = 0;  // entries of one try
};

}  // namespace hikyaku::policy
