#include "apps/cli/terminal/when_text.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

#include "services/telemetry/stamp.h"

using namespace hikyaku;
using namespace hikyaku::cli;

TEST_CASE("times as an operator types them") {
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  const auto now = *telemetry::parse_stamp("2026-11-22T10:00:00.000000+09:00");
  struct Row {
    std::string_view text, want;
  };
  const Row rows[] = {
      {"now", "2026-11-22T10:00:00.000000+09:00"},        {"18:00", "2026-11-22T18:00:00.000000+09:00"},
      {"09:59", "2026-11-23T09:59:00.000000+09:00"},      {"10:00", "2026-11-23T10:00:00.000000+09:00"},
      {"2026-11-25 18:30", "2026-11-25T18:30:00.000000+09:00"}, {"2026-11-25T18:30", "2026-11-25T18:30:00.000000+09:00"},
      {"2026-11-25", "2026-11-25T00:00:00.000000+09:00"}, {"2h", "2026-11-22T12:00:00.000000+09:00"},
      {"+3d", "2026-11-25T10:00:00.000000+09:00"},        {"-90m", "2026-11-22T08:30:00.000000+09:00"},
      {"2026-11-25T09:30:00.000000+00:00", "2026-11-25T18:30:00.000000+09:00"},
  };
  for (const auto& row : rows) {
    const auto when = parse_when(row.text, now);
    REQUIRE_MESSAGE(when, row.text);
    CHECK(telemetry::stamp_text(*when) == row.want);
  }
  for (const char* bad : {"", " ", "tomorrow", "18", "24:00", "18:60", "18:0", "8:00", "18:00x", "2026-13-01", "2026-02-30", "2026-11-25 ",
                          "2026-11-25 18", "26-11-25", "2026/11/25", "-", "+", "--2h", "h", "2x", "18:00:00:00"})
    CHECK_MESSAGE(!parse_when(bad, now), bad);
}

TEST_CASE("times that have passed, as an operator types them") {
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  const auto now = *telemetry::parse_stamp("2026-11-22T10:00:00.000000+09:00");
  struct Row {
    std::string_view text, since, until;
  };
  const Row rows[] = {
      {"90m", "2026-11-22T08:30:00.000000+09:00", "2026-11-22T08:30:00.000000+09:00"},
      {"-90m", "2026-11-22T08:30:00.000000+09:00", "2026-11-22T08:30:00.000000+09:00"},
      {"2h", "2026-11-22T08:00:00.000000+09:00", "2026-11-22T08:00:00.000000+09:00"},
      {"7d", "2026-11-15T10:00:00.000000+09:00", "2026-11-15T10:00:00.000000+09:00"},
      {"now", "2026-11-22T10:00:00.000000+09:00", "2026-11-22T10:00:00.000000+09:00"},
      {"09:30", "2026-11-22T09:30:00.000000+09:00", "2026-11-22T09:30:00.000000+09:00"},
      {"18:00", "2026-11-21T18:00:00.000000+09:00", "2026-11-21T18:00:00.000000+09:00"},
      {"2026-11-20 18:30", "2026-11-20T18:30:00.000000+09:00", "2026-11-20T18:30:00.000000+09:00"},
      {"2026-11-20", "2026-11-20T00:00:00.000000+09:00", "2026-11-20T23:59:59.999999+09:00"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto since = parse_since(row.text, now), until = parse_until(row.text, now);
    REQUIRE(since);
    REQUIRE(until);
    CHECK(telemetry::stamp_text(*since) == row.since);
    CHECK(telemetry::stamp_text(*until) == row.until);
  }
  for (const char* bad : {"", "+2h", "--2h", "yesterday", "7", "x", "24:00", "2026-02-30", "99999999999d"}) {
    CHECK_MESSAGE(!parse_since(bad, now), bad);
    CHECK_MESSAGE(!parse_until(bad, now), bad);
    CHECK_MESSAGE(!parse_span(bad), bad);
  }
  CHECK_MESSAGE(!parse_when("+300000d", now), "beyond what a time has room for");
}
