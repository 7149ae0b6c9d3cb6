#include "services/directory/row_changes.h"

#include <doctest/doctest.h>

namespace hikyaku::directory {
namespace {

using Rows = std::vector<KeyedRow>;
const Rows table{{"a", "a,1"}, {"b", "b,1"}, {"b", "b,2"}, {"c", "c,1"}};

void check_counts(const RowChanges& changes, std::size_t added, std::size_t changed, std::size_t unchanged) {
  CHECK(changes.added == added);
  CHECK(changes.changed == changed);
  CHECK(changes.unchanged == unchanged);
}

TEST_CASE("the same table changes nothing") {
  const auto same = row_changes(table, table);
  check_counts(same, 0, 0, 4);
  CHECK(same.removed.empty());
  CHECK_FALSE(same.reordered);
}

TEST_CASE("an empty text removes every row, and a first text adds every row") {
  CHECK(row_changes(table, {}).removed == std::vector<std::string>{"a,1", "b,1", "b,2", "c,1"});
  check_counts(row_changes({}, table), 4, 0, 0);
}

TEST_CASE("a row of the same key and another text is changed, not removed") {
  const auto other = row_changes(table, {{"a", "a,9"}, {"b", "b,1"}, {"b", "b,2"}, {"c", "c,1"}, {"d", "d,1"}});
  check_counts(other, 1, 1, 3);
  CHECK(other.removed.empty());
}

TEST_CASE("of several rows of one key the equal ones are paired first") {
  const auto shorter = row_changes(table, {{"a", "a,1"}, {"b", "b,2"}, {"c", "c,1"}});
  check_counts(shorter, 0, 0, 3);
  CHECK(shorter.removed == std::vector<std::string>{"b,1"});
  CHECK_FALSE(shorter.reordered);
}

TEST_CASE("another order is told") {
  const auto turned = row_changes(table, {{"c", "c,1"}, {"a", "a,1"}, {"b", "b,1"}, {"b", "b,2"}});
  check_counts(turned, 0, 0, 4);
  CHECK(turned.reordered);
}

}  // namespace
}  // namespace hikyaku::directory
