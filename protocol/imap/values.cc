#include "protocol/imap/values.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::imap {

bool MessageFlags::has_keyword(std::string_view keyword) const {
  return std::ranges::any_of(keywords, [&](const std::string& each) { return equal_ignoring_case(each, keyword); });
}

NumberSet NumberSet::resolve(const SequenceSet& set, std::uint32_t star) {
  std::vector<NumberRange> sorted;
  sorted.reserve(set.ranges.size());
  for (NumberRange range : set.ranges) {
    if (range.first == 0) range.first = star;
    if (range.last == 0) range.last = star;
    if (range.first > range.last) std::swap(range.first, range.last);
    if (range.last == 0) continue;  // "*" of an empty mailbox
    sorted.push_back({std::max(range.first, 1u), range.last});
  }
  std::ranges::sort(sorted, {}, &NumberRange::first);
  NumberSet result;
  for (const auto& range : sorted) result.add_range(range.first, range.last);
  return result;
}

void NumberSet::add_range(std::uint32_t first, std::uint32_t last) {
  if (ranges_.empty() || first > ranges_.back().last) {
    if (!ranges_.empty() && first - 1 == ranges_.back().last) {
      ranges_.back().last = last;
    } else {
      ranges_.push_back({first, last});
    }
    return;
  }
  if (first >= ranges_.back().first) {
    ranges_.back().last = std::max(ranges_.back().last, last);
    return;
  }
  // Out of order: merge into place.
  auto begin = std::ranges::lower_bound(ranges_, first, {}, [](const NumberRange& r) { return std::uint64_t{r.last} + 1; });
  auto end = begin;
  while (end != ranges_.end() && std::uint64_t{end->first} <= std::uint64_t{last} + 1) {
    first = std::min(first, end->first);
    last = std::max(last, end->last);
    ++end;
  }
  begin = ranges_.erase(begin, end);
  ranges_.insert(begin, {first, last});
}

bool NumberSet::contains(std::uint32_t number) const {
  const auto range = std::ranges::lower_bound(ranges_, number, {}, &NumberRange::last);
  return range != ranges_.end() && range->first <= number;
}

std::uint64_t NumberSet::count() const {
  std::uint64_t total = 0;
  for (const auto& range : ranges_) total += std::uint64_t{range.last} - range.first + 1;
  return total;
}

NumberSet NumberSet::take_first(std::uint32_t most) {
  NumberSet first;
  for (const auto& range : ranges_) {
    if (most == 0) break;
    const auto count = std::min(most, range.last - range.first + 1);
    first.add_range(range.first, range.first + count - 1);
    most -= count;
  }
  if (!first.empty()) drop_up_to(first.largest());
  return first;
}

void NumberSet::drop_up_to(std::uint32_t last) {
  const auto kept = std::ranges::find_if(ranges_, [last](const NumberRange& range) { return range.last > last; });
  ranges_.erase(ranges_.begin(), kept);
  if (!ranges_.empty() && ranges_.front().first <= last) ranges_.front().first = last + 1;
}

}  // namespace hikyaku::imap
