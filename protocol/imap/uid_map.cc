#include "protocol/imap/uid_map.h"

#include <algorithm>

#include "base/check.h"

namespace hikyaku::imap {

UidMap::UidMap(const std::vector<NumberRange>& uids) {
  for (const auto& range : uids) append(range);
  runs_.shrink_to_fit();
}

std::uint32_t UidMap::run_length(std::size_t index) const {
  const auto end = index + 1 < runs_.size() ? runs_[index + 1].first_number : size_ + 1;
  return end - runs_[index].first_number;
}

std::uint32_t UidMap::largest_uid() const {
  return runs_.empty() ? 0 : runs_.back().first_uid + run_length(runs_.size() - 1) - 1;
}

std::uint32_t UidMap::uid_of(std::uint32_t sequence_number) const {
  if (sequence_number == 0 || sequence_number > size_) return 0;
  const auto after = std::ranges::upper_bound(runs_, sequence_number, {}, &Run::first_number);
  const auto& run = *(after - 1);
  return run.first_uid + (sequence_number - run.first_number);
}

std::uint32_t UidMap::number_of(std::uint32_t uid) const {
  const auto after = std::ranges::upper_bound(runs_, uid, {}, &Run::first_uid);
  if (after == runs_.begin()) return 0;
  const std::size_t index = static_cast<std::size_t>(after - runs_.begin()) - 1;
  const std::uint32_t into = uid - runs_[index].first_uid;
  return into < run_length(index) ? runs_[index].first_number + into : 0;
}

void UidMap::append(NumberRange uids) {
  check(uids.first > largest_uid() && uids.last >= uids.first, "UIDs arrive in ascending order");
  if (runs_.empty() || largest_uid() + 1 != uids.first) runs_.push_back({uids.first, size_ + 1});
  size_ += uids.last - uids.first + 1;
}

NumberSet UidMap::all_uids() const {
  NumberSet all;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    all.add_range(runs_[i].first_uid, runs_[i].first_uid + run_length(i) - 1);
  }
  return all;
}

NumberSet UidMap::present(const NumberSet& uids) const {
  NumberSet here;
  const auto& ranges = uids.ranges();
  std::size_t i = 0;
  for (const auto& wanted : ranges) {
    // The first run that ends at or after the wanted range's start: runs and ranges both ascend.
    while (i < runs_.size() && runs_[i].first_uid + run_length(i) - 1 < wanted.first) ++i;
    for (std::size_t j = i; j < runs_.size() && runs_[j].first_uid <= wanted.last; ++j) {
      here.add_range(std::max(wanted.first, runs_[j].first_uid),
                     std::min(wanted.last, runs_[j].first_uid + run_length(j) - 1));
    }
  }
  return here;
}

NumberSet UidMap::uids_of(const NumberSet& sequence_numbers) const {
  NumberSet uids;
  std::size_t i = 0;
  for (const auto& wanted : sequence_numbers.ranges()) {
    while (i < runs_.size() && runs_[i].first_number + run_length(i) - 1 < wanted.first) ++i;
    for (std::size_t j = i; j < runs_.size() && runs_[j].first_number <= wanted.last; ++j) {
      const auto from = std::max(wanted.first, runs_[j].first_number);
      const auto to = std::min(wanted.last, runs_[j].first_number + run_length(j) - 1);
      uids.add_range(runs_[j].first_uid + (from - runs_[j].first_number), runs_[j].first_uid + (to - runs_[j].first_number));
    }
  }
  return uids;
}

std::vector<std::uint32_t> UidMap::remove(const NumberSet& uids) {
  const NumberSet gone = present(uids);
  std::vector<std::uint32_t> numbers;
  numbers.reserve(gone.count());
  std::uint32_t already_gone = 0;
  for (const auto& range : gone.ranges()) {
    const std::uint32_t number = number_of(range.first);
    for (std::uint32_t i = 0; i <= range.last - range.first; ++i) numbers.push_back(number - already_gone);
    already_gone += range.last - range.first + 1;
  }
  if (numbers.empty()) return numbers;
  NumberSet left;
  auto cut = gone.ranges().begin();
  const NumberSet all = all_uids();
  for (NumberRange range : all.ranges()) {
    while (cut != gone.ranges().end() && cut->first <= range.last) {
      if (cut->first > range.first) left.add_range(range.first, cut->first - 1);
      if (cut->last >= range.last) {
        range.first = 0;
        if (cut->last == range.last) ++cut;
        break;
      }
      range.first = cut->last + 1;
      ++cut;
    }
    if (range.first != 0) left.add_range(range.first, range.last);
  }
  rebuild(left);
  return numbers;
}

void UidMap::rebuild(const NumberSet& uids) {
  runs_.clear();
  size_ = 0;
  for (const auto& range : uids.ranges()) append(range);
  runs_.shrink_to_fit();
}

}  // namespace hikyaku::imap
