// Notices of delay: a change to whatever the spool has when it is written, with the mail that tells.
#include <doctest/doctest.h>

#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

// A message in holding with recipients 0 and 1, and the notice of both.
struct Waiting {
  Rig rig;
  std::unique_ptr<Spool> spool;
  FreshMessage message;
  Notice notice;

  Waiting() {
    rig.accept(2, "text");
    spool = rig.open();
    message = spool->fresh(10)->at(0);
    REQUIRE(spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(0), Rig::schedule(1)}, {}}}));
    notice = {message.ref.id, {0, 1}, delay_told_bit, {Rig::bounce(message, "delay")}};
  }
  [[nodiscard]] Schedule schedule(std::uint32_t recipient) const {
    for (const auto& one : spool->deferred(message.ref.id))
      if (one.schedule.recipient == recipient) return one.schedule;
    FAIL("recipient does not wait");
    return {};
  }
  [[nodiscard]] std::size_t notices() const { return spool->fresh(10)->size(); }
};

}  // namespace

TEST_CASE("a notice is written once with the schedules that remember it") {
  Waiting one;
  REQUIRE(one.spool->tell(one.notice));
  REQUIRE(one.spool->tell(one.notice));
  CHECK(one.notices() == 1);
  // A later attempt does not know of it, and it stays.
  REQUIRE(one.spool->defer(std::vector{Deferral{{one.message.ref.id, 0, {}}, {Rig::schedule(0)}, {}}}));
  one.spool.reset();
  one.spool = one.rig.open();
  for (const auto& each : one.spool->deferred(one.message.ref.id)) CHECK(delay_told(each.schedule));
  CHECK(one.spool->deferred(one.message.ref.id).size() == 2);
}

TEST_CASE("a notice made from schedules that an attempt and the operator replaced meanwhile takes nothing back of theirs") {
  Waiting one;
  auto tried = Rig::schedule(0), sent_elsewhere = Rig::schedule(1);
  tried.attempts = 2, tried.last_reply = "451 4.7.1 later", tried.next_due += std::chrono::hours{1};
  sent_elsewhere.via = sent_elsewhere.destination = "host:other.example:25";
  REQUIRE(one.spool->defer(std::vector{Deferral{{one.message.ref.id, 0, {}}, {tried, sent_elsewhere}, {}}}));
  REQUIRE(one.spool->tell(one.notice));
  for (int life = 0; life < 2; ++life) {
    auto expected = tried;
    expected.failure_class |= delay_told_bit;
    CHECK(one.schedule(0) == expected);
    expected = sent_elsewhere;
    expected.failure_class |= delay_told_bit;
    CHECK(one.schedule(1) == expected);
    one.spool.reset();
    one.spool = one.rig.open();
  }
  CHECK(one.notices() == 1);
}

TEST_CASE("nobody comes back by a notice, nor is told of who has had an end meanwhile; what is left can be told of") {
  Waiting one;
  REQUIRE(one.spool->settle(std::vector{Settlement{{one.message.ref.id, 0, {}}, {{0, Outcome::Discarded, {}}}, {}}}));
  CHECK(one.spool->tell(one.notice).error().kind == SpoolFailure::NotFound);
  CHECK(one.notices() == 0);
  CHECK(!delay_told(one.schedule(1)));
  one.notice.recipients = {1};
  REQUIRE(one.spool->tell(one.notice));
  CHECK(one.spool->deferred(one.message.ref.id).size() == 1);
  CHECK(delay_told(one.schedule(1)));
  CHECK(one.notices() == 1);
  REQUIRE(one.spool->settle(std::vector{Settlement{{one.message.ref.id, 0, {}}, {{1, Outcome::Delivered, {}}}, {}}}));
  CHECK(one.spool->tell(one.notice).error().kind == SpoolFailure::NotFound);
}

TEST_CASE("two notices of different things are both remembered") {
  Waiting one;
  REQUIRE(one.spool->tell(one.notice));
  one.notice.bits = deadline_told_bit;
  one.notice.generated = {Rig::bounce(one.message, "deadline")};
  REQUIRE(one.spool->tell(one.notice));
  CHECK(delay_told(one.schedule(0)));
  CHECK(deadline_told(one.schedule(0)));
  CHECK(one.notices() == 2);
}
