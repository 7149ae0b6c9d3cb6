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
    notice = {{message.ref.id, 0, {}}, {0, 1}, delay_told_bit, {Rig::bounce(message, "delay")}};
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

namespace {

enum class Where : std::uint8_t { Incoming, Holding };

// A message before its first attempt, from incoming or one of ours, and the notice of both its recipients.
struct Late {
  Rig rig;
  std::unique_ptr<Spool> spool;
  TraceId id;

  explicit Late(Where where, std::uint64_t seed = 1) : rig(seed) {
    id = rig.accept(2, "text");
    spool = rig.open();
    if (where == Where::Incoming) return;
    const auto cause = spool->fresh(10)->at(0);
    GeneratedMail mail{cause.envelope, "text"};
    id = mail.envelope.id = cause.ref.id.derived("elsewhere", "redirect", 100);
    REQUIRE(spool->settle(std::vector{Settlement{cause.ref, {{0, Outcome::Expanded, {}}, {1, Outcome::Discarded, {}}}, {mail}}}));
  }
  static Notice notice_of(const FreshMessage& message) { return {message.ref, {0, 1}, deadline_told_bit, {Rig::bounce(message, "deadline")}}; }
  static bool is_told(const FreshMessage& message) {
    return std::ranges::all_of(message.open, [](const OpenRecipient& one) { return (one.told & deadline_told_bit) != 0; });
  }
  // As delivery does: tells of what was not told of, and delivers notices. How many notices arrived for certain.
  int live(FreshMessage* original = nullptr) {
    int arrived = 0;
    for (int round = 0; round < 3; ++round) {
      const auto fresh = spool->fresh(10);
      if (!fresh) return arrived;
      for (const auto& one : *fresh) {
        if (one.ref.id != id) {
          handed_out = true;
          if (!spool->settle(std::vector{Rig::delivered(one)}) || !spool->flush()) return arrived;
          ++arrived;
          continue;
        }
        if (original != nullptr) *original = one;
        if (!is_told(one) && !spool->tell(notice_of(one))) return arrived;
      }
    }
    return arrived;
  }
  bool handed_out = false;
};

}  // namespace

TEST_CASE("a notice of fresh mail and its record are one: told once, whenever the power fails or the process is killed") {
  for (const auto where : {Where::Incoming, Where::Holding})
    for (const bool power_fails : {true, false}) {
      bool done = false;
      std::uint64_t stop = 0;
      for (; !done; ++stop) {
        CAPTURE(stop);
        Late late(where, stop + 1);
        late.rig.disk.stop_after(stop);
        const int before = late.live();
        done = !late.rig.disk.stopped();
        const bool in_doubt = late.handed_out && before == 0;  // it arrived, perhaps, and was not written down
        late.spool.reset();
        power_fails ? late.rig.cut() : late.rig.kill();
        late.spool = late.rig.open();
        FreshMessage original;
        const int after = late.live(&original);
        REQUIRE(original.ref.id == late.id);
        CHECK((in_doubt ? after <= 1 : before + after == 1));
        // What is deferred later says so, with no word of who defers it.
        REQUIRE(late.spool->defer(std::vector{Deferral{original.ref, {Rig::schedule(0), Rig::schedule(1)}, {}}}));
        for (int life = 0; life < 2; ++life) {
          CHECK(late.spool->deferred(late.id).size() == 2);
          for (const auto& one : late.spool->deferred(late.id)) CHECK(deadline_told(one.schedule));
          late.spool.reset();
          late.rig.cut();
          late.spool = late.rig.open();
        }
      }
      CHECK(stop > 5);
    }
}

TEST_CASE("what a sender was told of fresh mail is in snapshots, and goes with the mail") {
  for (const auto where : {Where::Incoming, Where::Holding}) {
    Late late(where);
    FreshMessage original;
    CHECK(late.live(&original) == 1);
    // Much else happens: the log is given back up to a snapshot.
    const auto other = late.rig.accept(1, "other");
    const auto message = late.spool->fresh(10)->at(0);
    REQUIRE(message.ref.id == other);
    for (int n = 0; n < 400; ++n) {
      REQUIRE(late.spool->defer(std::vector{Deferral{n == 0 ? message.ref : MessageRef{other, 0, {}}, {Rig::schedule(0)}, {}}}));
      REQUIRE(late.spool->tend());
    }
    late.spool.reset();
    late.rig.cut();
    late.spool = late.rig.open();
    CHECK(late.live(&original) == 0);
    CHECK(Late::is_told(original));
    CHECK(late.spool->told_fresh(original.ref, 0) == deadline_told_bit);
    REQUIRE(late.spool->settle(std::vector{Settlement{original.ref, {{0, Outcome::Delivered, {}}, {1, Outcome::Delivered, {}}}, {}}}));
    CHECK(late.spool->tell(Late::notice_of(original)).error().kind == SpoolFailure::NotFound);
    CHECK(late.live() == 0);
  }
}

TEST_CASE("a notice of fresh mail of whom one was deferred, or has ended, meanwhile is to be made anew") {
  Late late(Where::Incoming);
  const auto message = late.spool->fresh(10)->at(0);
  REQUIRE(late.spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(0)}, {}}}));
  CHECK(late.spool->tell(Late::notice_of(message)).error().kind == SpoolFailure::NotFound);
  CHECK(late.spool->fresh(10)->empty());
  auto notice = Late::notice_of(message);
  notice.recipients = {1};
  REQUIRE(late.spool->tell(notice));
  REQUIRE(late.spool->tell(notice));
  CHECK(late.spool->fresh(10)->size() == 1);
  REQUIRE(late.spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(1)}, {}}}));
  for (const auto& one : late.spool->deferred(late.id)) CHECK(deadline_told(one.schedule) == (one.schedule.recipient == 1));
}
