// Writings about one recipient that meet: each rests on what its writer read, and none takes back what another wrote.
#include <doctest/doctest.h>

#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

const WallTime later = Rig::schedule(0).first_failed + std::chrono::hours{5};

// A deferred message with recipients 0 and 1; who writes later may have read it now.
struct Waiting {
  Rig rig;
  std::unique_ptr<Spool> spool;
  FreshMessage message;
  MessageRef ref;
  Stamps read;

  Waiting() {
    rig.accept(2, "text");
    spool = rig.open();
    message = spool->fresh(10)->at(0);
    REQUIRE(spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(0), Rig::schedule(1)}, {}}}));
    ref.id = message.ref.id;
    read = now();
  }
  [[nodiscard]] Stamps now() const {
    Stamps stamps;
    for (const auto& one : spool->deferred(message.ref.id)) stamps[one.schedule.recipient] = stamp_of(one.schedule);
    return stamps;
  }
  [[nodiscard]] std::optional<Schedule> schedule(std::uint32_t recipient) const {
    for (const auto& one : spool->deferred(message.ref.id))
      if (one.schedule.recipient == recipient) return one.schedule;
    return std::nullopt;
  }
  static Schedule tried(std::uint32_t recipient) {
    auto one = Rig::schedule(recipient);
    one.attempts = 2, one.last_tried = later, one.next_due = later + std::chrono::hours{1}, one.last_reply = "451 later";
    return one;
  }
  static Schedule held(std::uint32_t recipient) {
    auto one = Rig::schedule(recipient);
    one.destination = "hold:7";
    return one;
  }
  SpoolResult<> defer(std::vector<Schedule> to, const Stamps& basis) { return spool->defer(std::vector{Deferral{ref, std::move(to), {}, basis}}); }
  SpoolResult<> settle(std::vector<RecipientOutcome> outcomes, const Stamps& basis, std::vector<GeneratedMail> mails = {}) {
    return spool->settle(std::vector{Settlement{ref, std::move(outcomes), std::move(mails), basis}});
  }
  [[nodiscard]] std::size_t mails() const { return spool->fresh(10)->size(); }
};

bool is_overtaken(const SpoolResult<>& written) { return !written && written.error().kind == SpoolFailure::Overtaken; }

}  // namespace

TEST_CASE("of two that read the same, the second to write is told, and nothing of it stands") {
  Waiting command_first;
  REQUIRE(command_first.defer({Waiting::held(0)}, command_first.read));
  CHECK(is_overtaken(command_first.defer({Waiting::tried(0), Waiting::tried(1)}, command_first.read)));
  CHECK(command_first.schedule(0) == Waiting::held(0));
  CHECK(command_first.schedule(1) == Rig::schedule(1));
  CHECK(is_overtaken(command_first.settle({{0, Outcome::Expired, {}}}, command_first.read, {Rig::bounce(command_first.message, "r0")})));
  CHECK(command_first.schedule(0) == Waiting::held(0));
  CHECK(command_first.mails() == 0);
  REQUIRE(command_first.settle({{0, Outcome::Expired, {}}}, command_first.now(), {Rig::bounce(command_first.message, "r0")}));
  CHECK(command_first.mails() == 1);

  Waiting attempt_first;
  REQUIRE(attempt_first.defer({Waiting::tried(0)}, attempt_first.read));
  CHECK(is_overtaken(attempt_first.defer({Waiting::held(0), Waiting::held(1)}, attempt_first.read)));
  CHECK(attempt_first.schedule(0) == Waiting::tried(0));
  CHECK(attempt_first.schedule(1) == Rig::schedule(1));
  REQUIRE(attempt_first.defer({Waiting::held(1)}, attempt_first.read));  // who was not written of
}

TEST_CASE("whom an attempt has served does not come back by a command, nor is anybody told that he was not") {
  Waiting one;
  REQUIRE(one.settle({{0, Outcome::Delivered, {}}}, {}));
  CHECK(is_overtaken(one.defer({Waiting::held(0), Waiting::held(1)}, one.read)));
  CHECK(is_overtaken(one.settle({{0, Outcome::Bounced, {}}, {1, Outcome::Bounced, {}}}, one.read, {Rig::bounce(one.message, "both")})));
  CHECK(is_overtaken(one.settle({{0, Outcome::Bounced, {}}}, one.read, {Rig::bounce(one.message, "r0")})));
  CHECK(is_overtaken(one.settle({{0, Outcome::Discarded, {}}}, one.read)));
  CHECK(!one.schedule(0));
  CHECK(one.schedule(1) == Rig::schedule(1));
  CHECK(one.mails() == 0);
  // All of it, so that nothing is left in holding.
  REQUIRE(one.settle({{1, Outcome::Delivered, {}}}, {}));
  CHECK(is_overtaken(one.defer({Waiting::held(1)}, one.read)));
  one.spool.reset();
  one.rig.cut();
  one.spool = one.rig.open();
  CHECK(one.spool->deferred(one.ref.id).empty());
  CHECK(one.mails() == 0);
}

TEST_CASE("what was written and only not certain to be on disk is written again, not overtaken by itself") {
  Waiting one;
  const auto bounce = Rig::bounce(one.message, "r0");
  for (int tries = 0; tries < 3; ++tries) REQUIRE(one.defer({Waiting::tried(0)}, one.read));
  CHECK(one.schedule(0) == Waiting::tried(0));
  const auto then = one.now();
  for (int tries = 0; tries < 3; ++tries) REQUIRE(one.settle({{0, Outcome::Expired, {}}}, then, {bounce}));
  CHECK(one.mails() == 1);
}

TEST_CASE("when it is due, what was said and what its sender was told change nothing that a decision rests on") {
  Waiting one;
  auto sooner = Rig::schedule(0);
  sooner.next_due = later, sooner.last_reply = "looked at";
  REQUIRE(one.defer({sooner}, one.read));
  REQUIRE(one.spool->tell({one.ref, {0, 1}, delay_told_bit, {Rig::bounce(one.message, "delay")}}));
  REQUIRE(one.defer({Waiting::tried(0), Waiting::tried(1)}, one.read));
  CHECK(delay_told(*one.schedule(0)));
  CHECK(one.schedule(0)->attempts == 2);
}

TEST_CASE("each thing that a decision rests on has its part in the stamp") {
  const auto stamp = stamp_of(Rig::schedule(0));
  auto one = Rig::schedule(0);
  CHECK(stamp_of(one) == stamp);
  one.destination = "other.example";
  CHECK(stamp_of(one) != stamp);
  one = Rig::schedule(0), one.via = "host:25";
  CHECK(stamp_of(one) != stamp);
  one = Rig::schedule(0), ++one.attempts;
  CHECK(stamp_of(one) != stamp);
  one = Rig::schedule(0), one.first_failed += std::chrono::microseconds{1};
  CHECK(stamp_of(one) != stamp);
  one = Rig::schedule(0), one.last_tried = later;
  CHECK(stamp_of(one) != stamp);
  one = Rig::schedule(0), one.paused = std::chrono::seconds{1};
  CHECK(stamp_of(one) != stamp);
  one = Rig::schedule(0), one.held = {{later, later + std::chrono::hours{1}}};
  CHECK(stamp_of(one) != stamp);
}

TEST_CASE("times under holds are in the log and in snapshots") {
  Waiting one;
  auto schedule = Rig::schedule(0);
  schedule.held = {{later, later + std::chrono::hours{1}}, {later + std::chrono::hours{2}, later + std::chrono::hours{9}}};
  schedule.via = "host:25";
  REQUIRE(one.defer({schedule}, one.read));
  for (int n = 0; n < 400; ++n) {
    CHECK(one.schedule(0) == schedule);
    CHECK(one.schedule(1) == Rig::schedule(1));
    if (n % 100 == 0) {
      one.spool.reset();
      one.rig.cut();
      one.spool = one.rig.open();
    }
    REQUIRE(one.defer({Rig::schedule(1)}, {}));
    REQUIRE(one.spool->tend());
  }
  bool seen = false;
  REQUIRE(one.spool->deferred_times({}, 0, 100, [&](const std::string&, const DeferredTimes& times) {
    if (times.recipient != 0) return;
    seen = true;
    CHECK(times.held == schedule.held);
  }));
  CHECK(seen);
}
