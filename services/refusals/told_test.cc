#include "services/refusals/told.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::refusals;

namespace {
const WallTime now{std::chrono::days{20'000}};
const policy::LedgerKey one{"192.0.2.0/24", "a@a.example", "b@here.example"}, other{"192.0.2.0/24", "a@a.example", "c@here.example"};
const std::string mark(32, 'a');
}  // namespace

TEST_CASE("what was told is known again after a restart, and forgotten when it is old") {
  Told told;
  told.begun = now, told.last_digest = now + 1h;
  told.notice(one, now);
  told.tell_recipient(other, now + 24h);
  told.use(mark, {now + 48h, Decision::Deny});
  auto again = Told::parse(told.text());
  CHECK(again == told);
  CHECK(again.noticed(one));
  CHECK(!again.noticed(other));
  CHECK(!again.recipient_told(one));
  CHECK(again.recipient_told(other));
  REQUIRE(again.used(mark));
  CHECK(again.used(mark)->decision == Decision::Deny);
  again.forget(now + 48h);
  CHECK(again.used(mark) != nullptr);
  again.forget(now + Told::kept_for + 1s);
  CHECK(!again.noticed(one));
  CHECK(again.recipient_told(other));
  CHECK(again.used(mark) == nullptr);
}

TEST_CASE("what a damaged file says is not believed") {
  const std::string heading = Told{}.text().substr(0, Told{}.text().find('\n') + 1);
  for (const auto* line : {"notice\t5", "notice\t5\t", "notice\t\t5", "notice\tx\t5", "notice\t5\tx", "notice\t5\t5\t", "notice\t999999999999999\t5", "notice 5 5", "used\t5\tshort\tallow", "used\t5\t0123456789abcdef0123456789abcdef\tmaybe",
                           "used\t5\t0123456789ABCDEF0123456789abcdef\tallow", "used\t5\t0123456789abcdef0123456789abcdef", "begun\t-5", "digest\t5\t5", "\t", ""})
    CHECK_MESSAGE(Told::parse(heading + line + "\n") == Told{}, line);
  CHECK(Told::parse("something else\nnotice\t5\t5\n") == Told{});
  CHECK(Told::parse(heading + "begun\t5") != Told{});
}
