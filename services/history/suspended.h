// Accounts that may not send any more, as `auth` tells the watch of them, and the notice that goes to people: once when it suspended one,
// once when an operator let it send again. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/history/alarm.h"

namespace hikyaku::history {

struct SuspendedAccount {
  std::string address;
  Time since{};
  std::string by;   // "auth", or the operator, who needs no notice
  std::string why;
  friend bool operator==(const SuspendedAccount&, const SuspendedAccount&) = default;
};
constexpr std::size_t most_suspended = 10'000;
constexpr std::uint64_t largest_suspended_text = 16 << 20;  // octets, of all of them with the rest of a file

// A line each. What makes no sense is left out by the reader.
[[nodiscard]] std::string suspended_text(const std::vector<SuspendedAccount>& accounts);
[[nodiscard]] std::vector<SuspendedAccount> parse_suspended(std::string_view text);

class SuspensionWatch {
 public:
  [[nodiscard]] std::vector<AlarmNotice> look(const std::vector<SuspendedAccount>& now_suspended, Time now);
  // Lines "account-suspended SINCE ADDRESS", beside those of AlarmWatch, which passes over them.
  [[nodiscard]] std::string encode() const;
  void decode(std::string_view text);

 private:
  std::map<std::string, Time> told_;  // by address: since when
};

}  // namespace hikyaku::history
