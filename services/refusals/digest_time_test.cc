#include "services/refusals/digest_time.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::refusals;

TEST_CASE("the digest's last time is the latest that has passed here") {
  const WallTime day{std::chrono::days{20'000}};  // midnight UTC, 9 in the morning in Japan
  const std::vector<std::string> times{"17:00", "08:00"};
  struct Row {
    Duration after, last;
    std::chrono::minutes zone;
  };
  for (const auto& row : {Row{0s, -7h, 0min}, Row{7h + 59min, -7h, 0min}, Row{8h, 8h, 0min}, Row{16h + 59min, 8h, 0min}, Row{17h, 17h, 0min}, Row{23h, 17h, 0min}, Row{0s, -1h, 540min}, Row{8h, 8h, 540min}, Row{7h, -1h, 540min},
                          Row{15h, 8h, 540min}, Row{23h, 23h, 540min}, Row{0s, -2h, -180min + 60min * 13}})
    CHECK_MESSAGE(last_time_of_day(times, day + std::chrono::duration_cast<std::chrono::microseconds>(row.after), row.zone) == day + std::chrono::duration_cast<std::chrono::microseconds>(row.last), row.after.count());
  CHECK(!last_time_of_day({}, day, 0min));
  CHECK(!last_time_of_day({"24:00", "8", "08:60", "x", "08:00x"}, day, 0min));
}
