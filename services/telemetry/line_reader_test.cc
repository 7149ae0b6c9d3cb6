#include "services/telemetry/line_reader.h"

#include <doctest/doctest.h>

#include "services/telemetry/log.h"

using namespace hikyaku;
using namespace hikyaku::telemetry;

TEST_CASE("what a line was written with is read from it") {
  const std::string odd = "a \"quoted\" \\ text\twith\x01 controls, {braces} and 日本語";
  const NamedDuration spent[] = {{"dns", 1ms}, {"connect", 2ms}};
  const auto line = json_line(events::recipient_refused, {.null_sender = true, .recipient = "b@here.example", .client = "192.0.2.7", .client_port = 4711, .reply = odd, .octets = 17, .spent = spent, .rule = "s25r"},
                              WallTime{std::chrono::days{20'000}}, "receive");
  const LineReader reader(line);
  REQUIRE(reader.sound());
  CHECK(reader.text("event") == "recipient.refused");
  CHECK(reader.text("reply") == odd);
  CHECK(reader.has("sender"));
  CHECK(reader.text("sender").empty());
  CHECK(reader.text("rule") == "s25r");
  CHECK(reader.text("octets").empty());  // no text
  CHECK(reader.has("octets"));
  CHECK(!reader.has("dns"));
}

TEST_CASE("what is no line has no members") {
  for (const auto* line : {"", "{", "}", "{}x", "{\"a\"", "{\"a\":", "{\"a\":\"b", "{\"a\":\"b\\\"}", "{\"a\":\"b\"", "{\"a\":\"b\"}x", "{\"a\":\"b\",}", "{a:\"b\"}", "{\"a\":{\"b\":1}", "{\"a\":{\"b", "{\"a\":}", "[\"a\"]", "{\"a\":\"b\" \"c\":1}",
                           " {\"a\":\"b\"}", "{\"time\":\"2026-11-30T08:20:44.123456+09:00\",\"ev"}) {
    const LineReader reader(line);
    CHECK_MESSAGE(!reader.sound(), line);
    CHECK(!reader.has("a"));
  }
  CHECK(LineReader("{\"a\":\"\\u12x4\"}").text("a").empty());
  CHECK(LineReader("{\"a\":\"\\u00e9\"}").text("a") == "é");
}
