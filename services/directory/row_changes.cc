#include "services/directory/row_changes.h"

#include <optional>
#include <string_view>
#include <unordered_map>

namespace hikyaku::directory {

namespace {

// For each wanted row the former one it continues, by place; each former row is taken once.
struct Pairing {
  std::vector<bool> taken;
  std::vector<std::optional<std::size_t>> of;

  Pairing(const std::vector<KeyedRow>& former, const std::vector<KeyedRow>& wanted) : taken(former.size()), of(wanted.size()) {
    pair_by(former, wanted, &KeyedRow::text);
    pair_by(former, wanted, &KeyedRow::key);
  }

  void pair_by(const std::vector<KeyedRow>& former, const std::vector<KeyedRow>& wanted, std::string KeyedRow::* by) {
    std::unordered_map<std::string_view, std::vector<std::size_t>> free;  // the first of each key last
    for (std::size_t row = former.size(); row-- > 0;)
      if (!taken[row]) free[former[row].*by].push_back(row);
    for (std::size_t row = 0; row < wanted.size(); ++row) {
      if (of[row]) continue;
      const auto found = free.find(wanted[row].*by);
      if (found == free.end() || found->second.empty()) continue;
      of[row] = found->second.back();
      taken[*of[row]] = true;
      found->second.pop_back();
    }
  }
};

}  // namespace

RowChanges row_changes(const std::vector<KeyedRow>& former, const std::vector<KeyedRow>& wanted) {
  const Pairing pairs(former, wanted);
  RowChanges changes;
  std::size_t last = 0;
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    const auto before = pairs.of[row];
    if (!before) {
      ++changes.added;
      continue;
    }
    ++(former[*before].text == wanted[row].text ? changes.unchanged : changes.changed);
    changes.reordered = changes.reordered || *before < last;
    last = *before;
  }
  for (std::size_t row = 0; row < former.size(); ++row)
    if (!pairs.taken[row]) changes.removed.push_back(former[row].text);
  return changes;
}

}  // namespace hikyaku::directory
