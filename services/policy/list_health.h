// Whether the DNS lists that reception asks are what they should be (RFC 5782 §5): 127.0.0.2 is on each list of addresses and 127.0.0.1 on none; TEST is on each
// list of names and INVALID on none. A list that has everything, or that answers nothing, is left alone until it is sound again.
//
// check_list() is pure and asks through Answers; ListHealth is what all loops of the process know, thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "services/policy/dns_list.h"

namespace hikyaku::policy {

enum class ListState : std::uint8_t {
  Unknown,        // not checked yet: it is asked
  Sound,
  ListsAll,       // what must not be on it is
  ListsNothing,   // what must be on it is not
  NotForUs,       // it says that it does not answer us (127.255.255.0/24)
  NoAnswer,       // DNS fails
};
[[nodiscard]] std::string_view state_name(ListState state);  // "sound", "lists-everything", ...
[[nodiscard]] std::optional<ListState> parse_state(std::string_view name);

enum class ListOf : std::uint8_t { Addresses, Names };
// Nothing: not known yet.
[[nodiscard]] std::optional<ListState> check_list(const std::string& zone, ListOf of, Answers& answers);

struct ListStatus {
  ListState found = ListState::Unknown;  // by the last check
  bool off = false;                      // not asked
  WallTime since{};                      // of `off` as it is
  int bad_checks = 0;                    // one after another
  friend bool operator==(const ListStatus&, const ListStatus&) = default;
};

class ListHealth {
 public:
  // A list that does not answer, or has nothing, may have had a bad moment: it is off after so many checks. One that has everything, at once.
  static constexpr int bad_moments = 2;
  enum class Change : std::uint8_t { None, SwitchedOff, SwitchedOn };
  Change take(const std::string& zone, ListState found, WallTime now);
  // Lists that are no longer configured are forgotten.
  void keep_only(const std::vector<std::string>& zones);
  [[nodiscard]] bool is_off(const std::string& zone) const;
  // Takes out those that are off.
  void leave_sound(std::vector<DnsList>& lists) const;
  [[nodiscard]] std::map<std::string, ListStatus> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, ListStatus> lists_;
  std::size_t off_ = 0;
};

// "zone TAB state TAB on|off TAB seconds" lines: what reception tells of them in counters/receive/lists.
[[nodiscard]] std::string print_lists(const std::map<std::string, ListStatus>& lists);
[[nodiscard]] std::map<std::string, ListStatus> parse_lists(std::string_view text);

}  // namespace hikyaku::policy
