// RecipientMemory: what inner servers have said of their users, and what RCPT is answered by it. Somebody whom a server took once is known for long: while
// the server is away mail for him is taken. Nobody is refused for good while it is.
//
// In memory, bounded: whoever was heard of least lately is forgotten first, and those that no server took push out each other once they are a tenth. O(log n) a call. Not for several threads; callers lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"

namespace hikyaku::policy {

struct RecipientTerms {
  std::chrono::seconds taken_for = std::chrono::days{7};       // then asked anew
  std::chrono::seconds known_for = std::chrono::days{60};      // who was taken is known for so long while nobody can be asked
  std::chrono::seconds unknown_for = std::chrono::minutes{10};
  std::chrono::seconds everybody_for = std::chrono::days{1};   // whether a server takes everybody is found out so often
  std::chrono::seconds away_for = std::chrono::seconds{30};    // nobody asks a server again that did not answer
  std::size_t most = 500'000;                                  // users that are remembered
  friend bool operator==(const RecipientTerms&, const RecipientTerms&) = default;
};

enum class RecipientSaid : std::uint8_t { Taken, Unknown, NotTold };  // NotTold: it answers about nobody, so all are taken
enum class Reach : std::uint8_t { Open, Held };
enum class UnknownWhileAway : std::uint8_t { Accept, Defer };
enum class RecipientVerdict : std::uint8_t { Accept, Refuse, Defer, Ask };

class RecipientMemory {
 public:
  struct User {
    RecipientSaid said = RecipientSaid::Taken;
    WallTime at{};
  };
  struct Server {  // of a domain
    bool takes_everybody = false;
    WallTime tried{};  // with somebody nobody has; zero: never
  };

  explicit RecipientMemory(RecipientTerms terms = {}) : terms_(terms) {}
  void set_terms(RecipientTerms terms) { terms_ = terms; }

  // `user`: "user@domain", folded. Changes nothing.
  [[nodiscard]] RecipientVerdict judge(const std::string& user, Reach reach, UnknownWhileAway otherwise, WallTime now) const;
  // Whether the next question is to be asked of somebody nobody has too.
  [[nodiscard]] bool wants_try(const std::string& user, WallTime now) const;

  void said(const std::string& user, RecipientSaid what, WallTime now);
  void tried(const std::string& domain, bool takes_everybody, WallTime now);
  // Its server did not answer.
  void away(const std::string& domain, WallTime now);

  // For the durable copy.
  void restore(std::string user, User what) { put(std::move(user), what); }
  void restore(std::string domain, Server what) { put(std::move(domain), what); }
  [[nodiscard]] const std::map<std::string, User>& users() const { return users_; }
  [[nodiscard]] const std::map<std::string, Server>& servers() const { return servers_; }
  // Forgets what is over, at most so many.
  void tend(WallTime now, std::size_t most = 1'000);

 private:
  void put(std::string user, User what);
  void put(std::string domain, Server what);
  void erase(std::map<std::string, User>::iterator at);
  [[nodiscard]] const Server* server_of(std::string_view user, WallTime now) const;
  [[nodiscard]] std::chrono::seconds kept(const User& user) const { return user.said == RecipientSaid::Taken ? std::max(terms_.taken_for, terms_.known_for) : terms_.unknown_for; }

  static constexpr std::size_t most_servers = 10'000;
  RecipientTerms terms_;
  std::map<std::string, User> users_;
  // Those that are known for long, and the others: however many of these come, they push out each other.
  using ByAge = std::set<std::pair<WallTime, const std::string*>>;
  ByAge taken_by_age_, others_by_age_;
  [[nodiscard]] ByAge& by_age(const User& user) { return user.said == RecipientSaid::Taken ? taken_by_age_ : others_by_age_; }
  [[nodiscard]] const ByAge& oldest_to_go() const;
  void tend(ByAge& ages, WallTime now, std::size_t most);
  std::map<std::string, Server> servers_;
  std::unordered_map<std::string, WallTime> away_until_;
};

}  // namespace hikyaku::policy
