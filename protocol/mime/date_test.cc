#include <doctest/doctest.h>

#include "protocol/mime/date.h"

using namespace hikyaku;
using namespace hikyaku::mime;

TEST_CASE("date: forms that are read") {
  struct Row {
    const char* text;
    DateTime want;
  };
  const Row rows[] = {
      {"Fri, 21 Nov 1997 09:55:06 -0600", {1997, 11, 21, 9, 55, 6, -360}},
      {"Tue, 1 Jul 2003 10:52:37 +0200", {2003, 7, 1, 10, 52, 37, 120}},
      {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", {1969, 2, 13, 23, 32, 0, -210}},
      {"21 Nov 97 09:55:06 GMT", {1997, 11, 21, 9, 55, 6, 0}},
      {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", {1997, 11, 21, 9, 55, 6, -360}},
      {"1 Jan 49 00:00 EST", {2049, 1, 1, 0, 0, 0, -300}},
      {"1 Jan 101 00:00 Z", {2001, 1, 1, 0, 0, 0, 0}},
      {"1 Jan 2026 00:00 JST", {2026, 1, 1, 0, 0, 0, 540}},
      {"1 Jan 2026 00:00:60 +0900 (JST)", {2026, 1, 1, 0, 0, 60, 540}},
      {"Thu Nov  6 10:52:37 2003", {2003, 11, 6, 10, 52, 37, 0}},
      {"2026-11-22T14:05:09.123+09:00", {2026, 11, 22, 14, 5, 9, 540}},
      {"22-Nov-2026 14:05:09 +0900", {2026, 11, 22, 14, 5, 9, 540}},
      {"Sun, 22 November 2026 2:05 PM", {2026, 11, 22, 14, 5, 0, 0}},
      {"22 Nov 2026 14:05:09 GMT+0900", {2026, 11, 22, 14, 5, 9, 540}},
      {"22 Nov 2026", {2026, 11, 22, 0, 0, 0, 0}},
      {"22 Nov 2026 25:61:00 +0900", {2026, 11, 22, 0, 0, 0, 540}},
      {"22 Nov 2026 14:05 +9999", {2026, 11, 22, 14, 5, 0, 0}},
      {"29 Feb 2024 12:00 +0000", {2024, 2, 29, 12, 0, 0, 0}},
  };
  for (const auto& row : rows) {
    INFO(std::string(row.text));
    const auto date = parse_date(row.text);
    REQUIRE(date);
    CHECK(*date == row.want);
  }
}

TEST_CASE("date: what is no date") {
  for (const char* bad : {"", "yesterday", "Fri", "21 Nov", "Nov 1997", "21 1997", "32 Nov 1997 00:00", "29 Feb 2023 12:00",
                          "31 Apr 2024", "21 Foo 1997", "0 Jan 2000", "12:00:00", "(21 Nov 1997)", "+0900", "::::",
                          "2026-13-01", "99999999 Nov 99999999", "((((("})
    CHECK_MESSAGE(!parse_date(bad), std::string(bad));
}

TEST_CASE("date: printing, and reading what was printed") {
  const WallTime when{std::chrono::seconds{1'795'323'909}};
  CHECK(print_date(when, 540) == "Sun, 22 Nov 2026 14:05:09 +0900");
  CHECK(print_date(when, -210) == "Sun, 22 Nov 2026 01:35:09 -0330");
  CHECK(print_date(WallTime{}, 0) == "Thu, 1 Jan 1970 00:00:00 +0000");
  for (std::int64_t seconds = 0; seconds < 4'000'000'000; seconds += 87'654'321)
    for (const int zone : {-720, -210, 0, 540, 840}) {
      const WallTime time{std::chrono::seconds{seconds}};
      const auto read = parse_date(print_date(time, zone));
      REQUIRE(read);
      CHECK(read->utc().time_since_epoch().count() == seconds);
    }
}
