// LoginLimits: failed logins are answered ever more slowly, by client address and by account, so that guessing does not
// pay and an honest mistake costs nothing. A bounded table in memory; pure but for the time it is given.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace hikyaku::directory {

class LoginLimits {
 public:
  static constexpr int free_failures = 3;
  static constexpr Duration first_penalty = 500ms, most_for_address = 30s, most_for_account = 5s, forget_after = 15min,
                            longest_wait = 30s;
  explicit LoginLimits(std::size_t most_entries = 100'000) : most_entries_(most_entries) {}

  struct Admission {
    Duration wait{};       // before the password is looked at
    bool refused = false;  // so many wait already: a temporary failure, at once
  };
  // Takes the next place in the line of `address` (IPv6: of its /64) and of `account` (folded name as claimed).
  [[nodiscard]] Admission admit(std::string_view address, std::string_view account, Instant now);
  void failed(std::string_view address, std::string_view account, Instant now);
  // The account's failures are forgiven; the address's are not, or one known password would buy guesses at all others.
  void succeeded(std::string_view account);
  [[nodiscard]] std::size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    int failures = 0;
    Instant last_failure{}, free_at{};
    std::list<std::string>::iterator age;
  };
  [[nodiscard]] static Duration penalty(const Entry& entry, Duration most);
  Entry* find(const std::string& key, Instant now);
  void count(std::string key, Instant now);

  std::size_t most_entries_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> ages_;  // least recently failed first
};

}  // namespace hikyaku::directory
