// The order of a mail's life where services wrote its lines at the same time: `receive` says that it accepted a mail when its
// 250 is sent, and `deliver` may have delivered it by then. What reception says of a mail goes before what delivery does.
#pragma once

#include <string>
#include <vector>

namespace hikyaku::cli {

struct LifeLine {
  std::string event, message, parent;  // as the line has them; ids as texts
  std::string text;                    // the whole line
};

// `lines` are in the order of their times, and stay so but for what is above. Cost: as a sort.
[[nodiscard]] std::vector<LifeLine> in_life_order(std::vector<LifeLine> lines);

}  // namespace hikyaku::cli
