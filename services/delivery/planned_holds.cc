#include "services/delivery/planned_holds.h"

#include <algorithm>

namespace hikyaku::delivery {

std::vector<PlannedHolds::Turned> PlannedHolds::look(const std::vector<directory::Hold>& holds, WallTime now) {
  std::vector<Turned> turned;
  const auto comes_now = [&](WallTime time) { return time > looked_ && time <= now; };
  std::map<std::uint64_t, Times> known;
  for (const auto& hold : holds) {
    const auto before = known_.find(hold.id);
    const bool is_new = before == known_.end();
    // A command that begins a hold names the time at which it is given; one that ends it sets its end, and whether it did is not known of a new one.
    if (comes_now(hold.start) && (is_new ? hold.created < hold.start : before->second.start == hold.start)) turned.push_back({&hold, Turn::Begins});
    if (comes_now(hold.end) && !is_new && before->second.end == hold.end) turned.push_back({&hold, Turn::Ends});
    if (hold.end > now) known[hold.id] = {hold.start, hold.end};
  }
  known_ = std::move(known);
  looked_ = std::max(looked_, now);
  return turned;
}

std::string turn_text(const PlannedHolds::Turned& turned) {
  const auto& hold = *turned.hold;
  auto text = "hold " + std::to_string(hold.id) + (turned.turn == PlannedHolds::Turn::Begins ? " begins: " : " ends: ") + std::string(directory::scope_name(hold.scope));
  return hold.pattern.empty() ? text : text + " " + hold.pattern;
}

}  // namespace hikyaku::delivery
