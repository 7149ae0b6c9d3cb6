// RowChanges: what a text that takes the place of a whole table changes in it, told before and after it does. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hikyaku::directory {

struct KeyedRow {
  std::string key;   // whom the row is for: a row of the same key and another text is the same row, changed
  std::string text;  // the whole row in its normal form
};

struct RowChanges {
  std::size_t added = 0, changed = 0, unchanged = 0;
  std::vector<std::string> removed;  // the rows that are gone, in the table's order
  bool reordered = false;            // rows that stay come in another order
  [[nodiscard]] bool any() const { return added + changed + removed.size() > 0 || reordered; }
};

// A key may come several times: equal rows are paired first, then rows of one key in their order. Linear.
[[nodiscard]] RowChanges row_changes(const std::vector<KeyedRow>& former, const std::vector<KeyedRow>& wanted);

}  // namespace hikyaku::directory
