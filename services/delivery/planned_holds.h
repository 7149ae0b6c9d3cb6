// PlannedHolds: which holds begin and end by themselves, at the time that their operator named, for the log: nobody gives a command then. It is shown the holds
// again and again. What begins or ends by a command is not told here. Pure; a look costs the number of holds.
#pragma once

#include <map>
#include <vector>

#include "services/directory/hold.h"

namespace hikyaku::delivery {

class PlannedHolds {
 public:
  // Nobody looked since then; of holds that began meanwhile the first look tells.
  explicit PlannedHolds(WallTime since = WallTime{}) : looked_(since) {}

  enum class Turn : std::uint8_t { Begins, Ends };
  struct Turned {
    const directory::Hold* hold = nullptr;  // one of the holds given
    Turn turn = Turn::Begins;
  };
  [[nodiscard]] std::vector<Turned> look(const std::vector<directory::Hold>& holds, WallTime now);

 private:
  struct Times {
    WallTime start, end;
  };
  WallTime looked_;
  std::map<std::uint64_t, Times> known_;  // that had not ended then
};

// "hold 7 begins: destination inner.example".
[[nodiscard]] std::string turn_text(const PlannedHolds::Turned& turned);

}  // namespace hikyaku::delivery
