#include "services/delivery/held_destinations.h"

#include <algorithm>

namespace hikyaku::delivery {
namespace {

using directory::Hold;
using directory::HoldScope;

bool may_select_whole(const Hold& hold) { return hold.scope != HoldScope::Sender && hold.scope != HoldScope::Account && hold.scope != HoldScope::SentBy; }

bool selects_the_same(const Hold& a, const Hold& b) { return a.scope == b.scope && a.pattern == b.pattern; }

}  // namespace

const Hold* HeldDestinations::selecting(const std::string& destination) {
  for (const auto& hold : running_) {
    ++comparisons_;
    if (directory::selects_all_of(hold, destination)) return &hold;
  }
  return nullptr;
}

void HeldDestinations::take(const std::string& destination, std::uint64_t hold) {
  const auto [place, is_new] = holders_.try_emplace(destination, hold);
  if (!is_new && place->second != hold) {
    const auto before = held_.find(place->second);
    before->second.erase(destination);
    if (before->second.empty()) held_.erase(before);
    place->second = hold;
  }
  held_[hold].insert(destination);
}

HeldDestinations::Changes HeldDestinations::follow(const std::vector<Hold>& holds, WallTime now) {
  Changes changes;
  std::vector<Hold> running;
  for (const auto& hold : holds)
    if (hold.runs(now) && may_select_whole(hold)) running.push_back(hold);
  if (running == running_) return changes;
  const auto given = [&](std::uint64_t id) { return &*std::ranges::find(holds, id, &Hold::id); };
  const auto former = std::exchange(running_, std::move(running));
  for (const auto& hold : running_) {
    const auto before = std::ranges::find(former, hold.id, &Hold::id);
    changes.all_again = changes.all_again || before == former.end() || !selects_the_same(*before, hold);
    if (before == former.end() || !selects_the_same(*before, hold) || (before->end == hold.end && before->reason == hold.reason)) continue;
    for (const auto& destination : held_by(hold.id)) changes.held.emplace_back(destination, given(hold.id));
  }
  for (const auto& hold : former) {
    const auto still = std::ranges::find(running_, hold.id, &Hold::id);
    if (still != running_.end() && selects_the_same(*still, hold)) continue;
    const auto freed = held_by(hold.id);
    for (const auto& destination : freed) {
      if (const auto* other = selecting(destination)) {
        take(destination, other->id);
        changes.held.emplace_back(destination, given(other->id));
        continue;
      }
      holders_.erase(destination);
      changes.released.push_back(destination);
    }
    if (std::ranges::find(running_, hold.id, &Hold::id) == running_.end()) held_.erase(hold.id);
    else std::erase_if(held_[hold.id], [&](const auto& one) { return !holders_.contains(one); });
  }
  return changes;
}

const Hold* HeldDestinations::meet(const std::string& destination) {
  if (running_.empty() || holders_.contains(destination)) return nullptr;
  const auto* hold = selecting(destination);
  if (hold != nullptr) take(destination, hold->id);
  return hold;
}

const std::set<std::string>& HeldDestinations::held_by(std::uint64_t hold) const {
  static const std::set<std::string> none;
  const auto found = held_.find(hold);
  return found == held_.end() ? none : found->second;
}

}  // namespace hikyaku::delivery
