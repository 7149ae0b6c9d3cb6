#include "services/delivery/forget_line.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using delivery::ForgetLine;

namespace {
constexpr Instant start{std::chrono::hours{100}};
TraceId id(std::uint32_t owner, std::uint64_t sequence) { return {1, 1, owner, sequence}; }
}  // namespace

TEST_CASE("forget line: of the present owner nothing is forgotten within the longest session") {
  ForgetLine line;
  CHECK(line.advance(start, id(4, 100)) == id(4, 0));
  CHECK(line.advance(start + 240h, id(4, 900)) == id(4, 0));
  CHECK_MESSAGE(line.advance(start + 241h, id(4, 950)) == id(4, 100), "who began before the first look has ended");
  CHECK(line.advance(start + 480h, id(4, 2000)) == id(4, 100));
  CHECK(line.advance(start + 481h, id(4, 2100)) == id(4, 900));
}

TEST_CASE("forget line: a message that began early and came late holds the line back") {
  ForgetLine line;
  (void)line.advance(start, id(4, 100));
  CHECK(line.advance(start + 242h, id(4, 50)) == id(4, 50));
}

TEST_CASE("forget line: a new owner of the journal ends all sessions of the one before") {
  ForgetLine line;
  (void)line.advance(start, id(4, 100));
  CHECK(line.advance(start + 1h, id(5, 7)) == id(5, 0));
  CHECK_MESSAGE(line.advance(start + 242h, id(5, 90)) == id(5, 7), "an entry of the new owner is as old as it must be");
}
