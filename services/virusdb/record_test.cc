#include "services/virusdb/record.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::virusdb;

namespace {
Record of(Kind kind, std::uint64_t fingerprint) { return {WallTime{std::chrono::seconds{5}}, kind, 3, fingerprint, WallTime{std::chrono::seconds{2}}, "daily 7", "why\tnot\nso"}; }
}  // namespace

TEST_CASE("virusdb: records come back, what is none is left out") {
  const auto records = parse_records(line_of(of(Kind::Refused, 9)) + "nonsense\n1\tupdated\t1\t1\t1\tx\n1\tother\t1\t1\t1\tx\ty\n-1\tupdated\t1\t1\t1\tx\ty\n" + line_of(of(Kind::Updated, 8)) + "1\tupd");
  REQUIRE(records.size() == 2);
  CHECK(records[0].kind == Kind::Refused);
  CHECK(records[0].fingerprint == 9);
  CHECK(records[0].why == "why not so");
  CHECK(records[1].names == "daily 7");
  CHECK(records[1].built == WallTime{std::chrono::seconds{2}});
}

TEST_CASE("virusdb: what is in force, and what was rejected") {
  std::vector<Record> records{of(Kind::Updated, 1), of(Kind::Refused, 2), of(Kind::Updated, 3), of(Kind::Failed, 0)};
  CHECK(in_force(records)->fingerprint == 3);
  CHECK(is_rejected(records, 2));
  CHECK_FALSE(is_rejected(records, 3));
  CHECK_FALSE(is_rejected(records, 1));
  records.push_back(of(Kind::RolledBack, 1));
  CHECK(in_force(records)->fingerprint == 1);
  CHECK(is_rejected(records, 3));  // it would come back with the next update
  records.push_back(of(Kind::Updated, 3));  // forced
  CHECK_FALSE(is_rejected(records, 3));
  CHECK(in_force({}) == nullptr);
}
