#include "services/history/top_tally.h"

#include <algorithm>
#include <numeric>

namespace hikyaku::history {

void TopTally::choose(std::size_t wanted) {
  std::vector<std::uint32_t> order(bucket_count);
  std::iota(order.begin(), order.end(), 0);
  wanted = std::min(wanted, order.size());
  std::ranges::nth_element(order, order.begin() + static_cast<std::ptrdiff_t>(wanted), [&](auto a, auto b) { return buckets_[a] > buckets_[b]; });
  chosen_.assign(bucket_count, false);
  for (std::size_t i = 0; i < wanted; ++i) chosen_[order[i]] = buckets_[order[i]] > 0;
}

TopTally::Counted& TopTally::count(std::uint64_t key, const Figures& figures) {
  auto* at = &others_;
  if (chosen_[bucket(key)]) {
    const auto known = counted_.find(key);
    if (known != counted_.end()) at = &known->second;
    else if (counted_.size() < most_counted) at = &counted_[key];
  }
  add(at->figures, figures);
  return *at;
}

TopTally::Top TopTally::top(std::size_t most) const {
  Top top{{counted_.begin(), counted_.end()}, others_.figures};
  std::ranges::sort(top.named, [](const auto& a, const auto& b) {
    return std::pair(b.second.figures.count, a.first) < std::pair(a.second.figures.count, b.first);
  });
  for (; top.named.size() > most; top.named.pop_back()) add(top.others, top.named.back().second.figures);
  return top;
}

}  // namespace hikyaku::history
