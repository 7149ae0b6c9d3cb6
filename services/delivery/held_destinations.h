// HeldDestinations: which destinations the running holds select whole. It is told the holds and, once each, the destinations
// that appear, and says what changes: while no hold begins, ends or changes and no destination appears, a look costs the number
// of holds, however many destinations there are. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "services/directory/hold.h"

namespace hikyaku::delivery {

class HeldDestinations {
 public:
  struct Changes {
    std::vector<std::string> released;  // no running hold selects them any more
    std::vector<std::pair<std::string, const directory::Hold*>> held;  // from now on by this one, or by another end of it
    bool all_again = false;  // a hold began or selects more: every destination is to be offered to meet()
  };
  // The holds as they are now. Pointers in the answer are into `holds`.
  [[nodiscard]] Changes follow(const std::vector<directory::Hold>& holds, WallTime now);
  // A destination that appeared, or every one when a hold began: the hold that selects it and did not before; null: none.
  // Of the holds that follow() was given last; the pointer is good until the next.
  [[nodiscard]] const directory::Hold* meet(const std::string& destination);

  [[nodiscard]] bool contains(const std::string& destination) const { return holders_.contains(destination); }
  // Empty: none is held by it.
  [[nodiscard]] const std::set<std::string>& held_by(std::uint64_t hold) const;
  // Whether anything is to be met at all.
  [[nodiscard]] bool idle() const { return running_.empty(); }
  [[nodiscard]] std::uint64_t comparisons() const { return comparisons_; }  // of a hold with a destination, so far

 private:
  [[nodiscard]] const directory::Hold* selecting(const std::string& destination);
  void take(const std::string& destination, std::uint64_t hold);

  std::vector<directory::Hold> running_;  // that can select destinations whole, in the directory's order
  std::map<std::string, std::uint64_t> holders_;
  std::map<std::uint64_t, std::set<std::string>> held_;
  std::uint64_t comparisons_ = 0;
};

}  // namespace hikyaku::delivery
