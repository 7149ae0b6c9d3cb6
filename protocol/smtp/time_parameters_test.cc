#include <doctest/doctest.h>

#include "protocol/smtp/time_parameters.h"

using namespace hikyaku;
using namespace hikyaku::smtp;

TEST_CASE("a priority is one digit with or without a minus") {
  for (int n = -9; n <= 9; ++n) CHECK(parse_priority(std::to_string(n)) == n);
  for (const auto* bad : {"", "-", "+1", "10", "-10", "-0", "00", "01", "1 ", " 1", "a", "--1"}) CHECK_MESSAGE(!parse_priority(bad), bad);
}

TEST_CASE("HOLDFOR is one to nine digits that do not begin with 0") {
  CHECK(parse_hold_for("1") == 1);
  CHECK(parse_hold_for("999999999") == 999'999'999);
  for (const auto* bad : {"", "0", "01", "1000000000", "-1", "+1", "1s", " 1", "1 "}) CHECK_MESSAGE(!parse_hold_for(bad), bad);
}

TEST_CASE("BY is a time, a mode and perhaps a trace") {
  CHECK(parse_by("120;R") == ByRequest{120, ByMode::Return, false});
  CHECK(parse_by("+120;rt") == ByRequest{120, ByMode::Return, true});
  CHECK(parse_by("-999999999;NT") == ByRequest{-999'999'999, ByMode::Notify, true});
  CHECK(parse_by("0;n") == ByRequest{0, ByMode::Notify, false});
  for (const auto* bad : {"", ";", "120", "120;", ";R", "120;X", "120;RTT", "120;T", "120;RX", "0;R", "-1;R", "1000000000;N", "1.5;N", "--1;N", "+;N", "1;N;N"})
    CHECK_MESSAGE(!parse_by(bad), bad);
  for (const auto* by : {"120;R", "-5;NT", "0;N"}) CHECK(by_value(*parse_by(by)) == by);
}

TEST_CASE("a date and time is RFC 3339's, in any zone, and printed in UTC") {
  const WallTime when{std::chrono::seconds{1'700'000'000}};
  CHECK(date_time_text(when) == "2023-11-14T22:13:20Z");
  for (const auto* good : {"2023-11-14T22:13:20Z", "2023-11-14t22:13:20z", "2023-11-15T07:13:20+09:00", "2023-11-14T17:43:20-04:30", "2023-11-14T22:13:20.123456789Z"})
    CHECK_MESSAGE(parse_date_time(good) == when, good);
  CHECK(parse_date_time("2016-12-31T23:59:60Z") == parse_date_time("2016-12-31T23:59:59Z"));
  CHECK(parse_date_time("2024-02-29T00:00:00Z").has_value());
  for (const auto* bad : {"", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-11-14T24:00:00Z",
                          "2023-11-14T22:60:00Z", "2023-11-14T22:13:61Z", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+0900", "2023-11-14T22:13:20+24:00",
                          "2023-11-14T22:13:20ZZ", "23-11-14T22:13:20Z", "2023-11-14T22:13Z", "+2023-11-14T22:13:20Z"})
    CHECK_MESSAGE(!parse_date_time(bad), bad);
}
