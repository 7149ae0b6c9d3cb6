// A command of an operator and the end of an attempt, written in every order: neither takes back what the other wrote. The
// attempt is concluded and written as Delivery does, the command by act_on_queue(), and what comes between the look and the
// writing of either comes there for certain.
#include <doctest/doctest.h>

#include "services/delivery/basis.h"
#include "services/delivery/conclusion.h"
#include "services/delivery/queue_actions.h"
#include "services/delivery/report/report_mail.h"
#include "services/delivery/schedule/scheduler.h"
#include "services/delivery/test_busy_spool.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

const WallTime failed_first = spool::Rig::schedule(0).first_failed;
const WallTime now = failed_first + std::chrono::hours{1};
const ActionContext context{{"mx.here.example", 0, now, {}}};

enum class Ends : std::uint8_t { Delivered, Later, Refused };

// A message to r0 and r1, both deferred, with an attempt under way whose messages were read before anything else happens.
struct Rig {
  spool::Rig rig;
  std::unique_ptr<spool::Spool> disk;
  std::unique_ptr<BusySpool> spool;
  spool::MessageRef ref;
  Message read;
  RetryRules rules;
  int written = 0;

  Rig() {
    const auto id = rig.accept(2, "Subject: a\r\n\r\ntext\r\n");
    disk = rig.open();
    const auto fresh = disk->fresh(10)->at(0);
    REQUIRE(disk->defer(std::vector{spool::Deferral{fresh.ref, {spool::Rig::schedule(0), spool::Rig::schedule(1)}, {}}}));
    spool = std::make_unique<BusySpool>(*disk);
    ref.id = id;
    read = look();
  }
  Message look() {
    Message message{ref, {}, {}};
    for (auto& one : disk->deferred(ref.id)) {
      message.stamps[one.schedule.recipient] = stamp_of(one.schedule);
      message.history[one.schedule.recipient] = one.schedule;
    }
    if (const auto envelope = disk->envelope(ref)) message.envelope = *envelope;
    return message;
  }
  static Attempt ended(Ends ends, std::uint32_t recipient) {
    Attempt attempt;
    attempt.recipient = recipient;
    attempt.result = ends == Ends::Delivered ? AttemptResult::Sent : AttemptResult::Failed;
    attempt.failure = ends == Ends::Refused ? FailureClass::Refused : FailureClass::Transient;
    attempt.status = ends == Ends::Refused ? "5.1.1" : "4.3.2";
    attempt.diagnostic = ends == Ends::Refused ? "550 5.1.1 nobody" : "451 4.3.2 later";
    return attempt;
  }
  // What finish(), write_conclusion() and finish_again() do. `before_writing`: the first time.
  void finish(std::vector<Attempt> attempts, const std::function<void()>& before_writing = {}) {
    Message message = read;
    for (int looks = 0; looks < 5 && !attempts.empty(); ++looks) {
      const auto conclusion = conclude(message, attempts, {rules, now, "mx:example.net", [](std::uint32_t, WallTime) { return Duration{}; }});
      std::vector<spool::GeneratedMail> mails;
      for (const auto& report : conclusion.reports) mails.push_back(make_report_mail(message, {report}, "report", "text", context));
      if (looks == 0 && before_writing) before_writing();
      ++written;
      auto done = conclusion.outcomes.empty() ? spool::SpoolResult<>{}
                                              : disk->settle(std::vector{spool::Settlement{ref, conclusion.outcomes, mails, basis_of(message, conclusion.outcomes)}});
      if (done && !conclusion.schedules.empty()) {
        done = disk->defer(std::vector{spool::Deferral{ref, conclusion.schedules, {}, basis_of(message, conclusion.schedules)}});
        if (!done) std::erase_if(attempts, [&](const Attempt& one) { return std::ranges::find(conclusion.schedules, one.recipient, &spool::Schedule::recipient) == conclusion.schedules.end(); });
      }
      if (done) return;
      REQUIRE(done.error().kind == spool::SpoolFailure::Overtaken);
      auto again = look();
      (void)take_over(message, again, attempts);
      message = std::move(again);
    }
  }
  std::uint64_t command(const QueueAction& action, const QueueFilter& filter = {}) {
    std::uint64_t changed = 0;
    for (std::optional<QueueCursor> from = first_of_all; from;) {
      const auto page = act_on_queue(*spool, filter, action, *from, 10, context);
      REQUIRE(page);
      CHECK(page->touched.size() == page->changed);
      CHECK(page->troubles.empty());
      changed += page->changed;
      from = page->next;
    }
    return changed;
  }
  [[nodiscard]] std::optional<spool::Schedule> schedule(std::uint32_t recipient) {
    disk.reset();
    rig.cut();
    disk = rig.open();
    spool = std::make_unique<BusySpool>(*disk);
    for (const auto& one : disk->deferred(ref.id))
      if (one.schedule.recipient == recipient) return one.schedule;
    return std::nullopt;
  }
  [[nodiscard]] std::vector<spool::FreshMessage> mails() { return *disk->fresh(10); }
};

// Whose writing comes between the other's look and its writing.
enum class Order : std::uint8_t { CommandBetween, AttemptBetween };
constexpr Order both_orders[] = {Order::CommandBetween, Order::AttemptBetween};

std::uint64_t meet(Rig& rig, Order order, const QueueAction& action, std::vector<Attempt> attempts, const QueueFilter& filter = {}) {
  std::uint64_t changed = 0;
  if (order == Order::CommandBetween) {
    rig.finish(std::move(attempts), [&] { changed = rig.command(action, filter); });
    CHECK(rig.written == 2);
  } else {
    rig.spool->meanwhile = [&] { rig.finish(attempts); };
    rig.spool->times = 1;
    changed = rig.command(action, filter);
    CHECK(rig.written == 1);
  }
  return changed;
}

const QueueAction hold{QueueActionKind::Hold, "hold:7"}, redirect{QueueActionKind::RedirectHost, "relay.example:2525"}, bounce{QueueActionKind::Bounce, ""},
    elsewhere{QueueActionKind::RedirectAddress, "bob@other.example"}, discard{QueueActionKind::Delete, ""};

}  // namespace

TEST_CASE("a hold or another host, given while an attempt fails, stands, and so does what the attempt told") {
  for (const auto order : both_orders)
    for (const auto& action : {hold, redirect}) {
      CAPTURE(order == Order::CommandBetween);
      CAPTURE(action.to);
      Rig rig;
      CHECK(meet(rig, order, action, {Rig::ended(Ends::Later, 0), Rig::ended(Ends::Later, 1)}) == 2);
      for (const std::uint32_t recipient : {0, 1}) {
        const auto schedule = rig.schedule(recipient);
        REQUIRE(schedule);
        CHECK(schedule->destination == (action.kind == QueueActionKind::Hold ? "hold:7" : "host:relay.example:2525"));
        CHECK(schedule->via == (action.kind == QueueActionKind::Hold ? "" : action.to));
        CHECK(schedule->attempts == spool::Rig::schedule(0).attempts + 1);
        CHECK(schedule->last_tried == now);
        CHECK(schedule->last_reply == "451 4.3.2 later");
        CHECK(schedule->first_failed == failed_first);
        if (action.kind == QueueActionKind::RedirectHost) CHECK(schedule->next_due == now);
      }
      CHECK(rig.mails().empty());
    }
}

TEST_CASE("whom the attempt served is served once, whatever the command was") {
  for (const auto& action : {hold, redirect, bounce, elsewhere, discard}) {
    Rig rig;
    CHECK(meet(rig, Order::AttemptBetween, action, {Rig::ended(Ends::Delivered, 0)}) == 1);
    CHECK(!rig.schedule(0));
    const auto mails = rig.mails();
    CHECK(mails.size() == (action == bounce || action == elsewhere ? 1 : 0));
    if (action != bounce) continue;
    const auto text = *rig.disk->body(mails.at(0).ref, 0, 100'000);
    CHECK(text.find("r1@example.net") != std::string::npos);
    CHECK(text.find("r0@example.net") == std::string::npos);
  }
  // All of it: nobody is told anything, and nothing counts as changed.
  for (const auto& action : {hold, redirect, bounce, elsewhere, discard}) {
    Rig rig;
    CHECK(meet(rig, Order::AttemptBetween, action, {Rig::ended(Ends::Delivered, 0), Rig::ended(Ends::Delivered, 1)}) == 0);
    CHECK(!rig.schedule(0));
    CHECK(!rig.schedule(1));
    CHECK(rig.mails().empty());
  }
  for (const auto& action : {hold, redirect}) {
    Rig rig;
    rig.finish({Rig::ended(Ends::Delivered, 0)}, [&] { CHECK(rig.command(action) == 2); });
    CHECK(!rig.schedule(0));
    CHECK(rig.schedule(1)->attempts == spool::Rig::schedule(1).attempts);
  }
}

TEST_CASE("an attempt does not give up whom the operator sent elsewhere or held meanwhile") {
  for (const auto& action : {hold, redirect}) {
    Rig rig;
    CHECK(meet(rig, Order::CommandBetween, action, {Rig::ended(Ends::Refused, 0), Rig::ended(Ends::Later, 1)}, {.recipient = "r0@example.net"}) == 1);
    const auto kept = rig.schedule(0);
    REQUIRE(kept);
    CHECK(kept->destination == (action.kind == QueueActionKind::Hold ? "hold:7" : "host:relay.example:2525"));
    CHECK(kept->last_reply == "550 5.1.1 nobody");
    CHECK(kept->attempts == spool::Rig::schedule(0).attempts + 1);
    CHECK(rig.schedule(1)->destination == "mx:example.net");
    CHECK(rig.mails().empty());
  }
  // Given up before the command came, it is.
  for (const auto& action : {hold, redirect, elsewhere, discard}) {
    Rig rig;
    CHECK(meet(rig, Order::AttemptBetween, action, {Rig::ended(Ends::Refused, 0)}, {.recipient = "r0@example.net"}) == 0);
    CHECK(!rig.schedule(0));
    CHECK(rig.mails().size() == 1);
  }
}

TEST_CASE("whom the command ended is neither brought back nor given up a second time by the attempt") {
  for (const auto& action : {bounce, elsewhere, discard})
    for (const auto ends : {Ends::Later, Ends::Refused, Ends::Delivered}) {
      Rig rig;
      rig.finish({Rig::ended(ends, 0)}, [&] { CHECK(rig.command(action, {.recipient = "r0@example.net"}) == 1); });
      CHECK(!rig.schedule(0));
      CHECK(rig.schedule(1));
      CHECK(rig.mails().size() == (action == discard ? 0 : 1));
    }
}

TEST_CASE("a recipient that the operator ended, held or sent elsewhere meanwhile does not become other mails") {
  for (const auto& action : {bounce, elsewhere, discard, hold, redirect}) {
    CAPTURE(static_cast<int>(action.kind));
    Rig rig;
    spool::GeneratedMail copy;
    copy.envelope = rig.read.envelope;
    copy.envelope.id = rig.ref.id.derived("r0@example.net", "alias", 100);
    copy.envelope.recipients = {{{"member", "list.example"}, "", {}}};
    const auto copies = [&] { return std::ranges::count_if(rig.mails(), [&](const auto& mail) { return mail.ref.id == copy.envelope.id; }); };
    CHECK(rig.command(action, {.recipient = "r0@example.net"}) == 1);
    const auto done = rig.disk->settle(std::vector{expansion_of(rig.read, 0, {copy})});
    REQUIRE(!done);
    CHECK(done.error().kind == spool::SpoolFailure::Overtaken);
    CHECK(copies() == 0);
    const bool goes_on = action == hold || action == redirect;
    CHECK(rig.schedule(0).has_value() == goes_on);
    if (!goes_on) continue;
    CHECK(rig.disk->settle(std::vector{expansion_of(rig.look(), 0, {copy})}));
    CHECK(copies() == 1);
    CHECK(!rig.schedule(0));
  }
}

TEST_CASE("the command looks again at what it chooses by") {
  Rig rig;
  auto first = spool::Rig::schedule(0), second = spool::Rig::schedule(1);
  first.last_reply = second.last_reply = "421 4.3.2 busy";
  REQUIRE(rig.disk->defer(std::vector{spool::Deferral{rig.ref, {first, second}, {}}}));
  CHECK(meet(rig, Order::AttemptBetween, hold, {Rig::ended(Ends::Later, 0)}, {.error = "busy"}) == 1);
  CHECK(rig.schedule(0)->destination == "mx:example.net");
  CHECK(rig.schedule(1)->destination == "hold:7");
}

TEST_CASE("of one that changes all the time the command says so, and ends") {
  Rig rig;
  int round = 0;
  rig.spool->meanwhile = [&] {
    auto one = spool::Rig::schedule(0);
    one.attempts = static_cast<std::uint32_t>(10 + round++);
    REQUIRE(rig.disk->defer(std::vector{spool::Deferral{rig.ref, {one}, {}}}));
  };
  rig.spool->times = 1'000;
  const auto page = act_on_queue(*rig.spool, {}, hold, {}, 10, context);
  REQUIRE(page);
  CHECK(page->changed == 0);
  CHECK(page->troubles.size() == 1);
  CHECK(rig.spool->writings < 20);
  CHECK(rig.schedule(0)->destination == "example.net");
}

TEST_CASE("a release that meets an attempt's end leaves the hold, with what the attempt told") {
  for (const auto order : both_orders) {
    Rig rig;
    CHECK(rig.command(hold) == 2);
    rig.read = rig.look();
    rig.read.sent_elsewhere = {0};  // its first writing was overtaken by the hold
    CHECK(meet(rig, order, {QueueActionKind::Release, ""}, {Rig::ended(Ends::Later, 0)}) == 2);
    CHECK(rig.schedule(0)->destination == release_key);
    CHECK(rig.schedule(0)->next_due == now);
    CHECK(rig.schedule(0)->attempts == spool::Rig::schedule(0).attempts + 1);
    CHECK(rig.schedule(1)->destination == release_key);
  }
}
