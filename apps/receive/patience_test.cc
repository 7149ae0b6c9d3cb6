#include "apps/receive/patience.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::receive;
using std::chrono::seconds;

TEST_CASE("patience: the first errors are free, each further one costs a second, once") {
  Patience patience(10);
  for (std::uint32_t n = 0; n <= 10; ++n) CHECK(patience.take(n, n) == Duration{});
  CHECK(patience.take(11, 11) == seconds{1});
  CHECK(patience.take(11, 12) == Duration{});
  CHECK(patience.take(14, 15) == seconds{3});
  CHECK(patience.take(500, 501) == Patience::longest);  // a pipelined burst is paid for at once, up to the longest wait
  CHECK(patience.take(500, 502) == Duration{});
}

TEST_CASE("patience: commands without mail cost time by the hundred; a message makes up for its own") {
  Patience patience(10);
  CHECK(patience.take(0, Patience::free_commands) == Duration{});
  CHECK(patience.take(0, Patience::free_commands + 99) == Duration{});
  CHECK(patience.take(0, Patience::free_commands + 100) == seconds{1});
  CHECK(patience.take(0, Patience::free_commands + 350) == seconds{2});
  CHECK(patience.take(0, Patience::free_commands + 400) == seconds{1});
  CHECK(patience.take(0, 5) == Duration{});
  CHECK(patience.take(0, Patience::free_commands + 100) == seconds{1});
  Patience endless(0);
  CHECK(endless.take(1'000, 1'000'000) == Duration{});
}
