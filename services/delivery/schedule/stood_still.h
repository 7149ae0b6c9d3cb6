// How much of a time delivery stood still: stopped, held, in our own trouble. Pauses overlap, and none is counted twice.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace hikyaku::delivery {

using Pauses = std::vector<std::pair<WallTime, WallTime>>;

// The length of their union within [from, until]. O(n log n).
[[nodiscard]] inline Duration covered(Pauses pauses, WallTime from, WallTime until) {
  std::ranges::sort(pauses);
  Duration total{};
  for (const auto& [start, end] : pauses) {
    const auto begin = std::max(start, from), stop = std::min(end, until);
    if (begin >= stop) continue;
    total += stop - begin;
    from = stop;
  }
  return total;
}

}  // namespace hikyaku::delivery
