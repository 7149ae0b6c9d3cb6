// Queue commands on mail before its first attempt: what waits in incoming has one end, whether deliver has read it or not,
// survives power cuts, and is left alone while an attempt of it is under way.
#include "services/delivery/queue.h"
#include "services/delivery/queue_actions.h"
#include "services/delivery/queue_protocol.h"
#include "services/delivery/test_busy_spool.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime now{std::chrono::seconds{1'700'010'000}};
const ActionContext context{{"mx.here.example", 0, now, {}}};

std::uint64_t act(spool::Spool& spool, const QueueFilter& filter, QueueActionKind kind, const std::string& to = "", InHand* in_hand = nullptr,
                  std::size_t limit = 7, std::vector<Touched>* touched = nullptr) {
  std::uint64_t changed = 0;
  for (std::optional<QueueCursor> from = first_of_all; from;) {
    auto page = act_on_queue(spool, filter, {kind, to}, *from, limit, context, in_hand);
    REQUIRE(page);
    CHECK(page->touched.size() == page->changed);
    changed += page->changed;
    from = page->next;
    if (touched != nullptr) std::ranges::move(page->touched, std::back_inserter(*touched));
  }
  return changed;
}

std::uint64_t count(spool::Spool& spool, const QueueFilter& filter, QueueActionKind kind) {
  std::uint64_t all = 0;
  std::vector<Touched> touched;
  QueueActionRequest request{filter, {kind, "bob@other.example"}};
  for (std::optional<QueueCursor> from = first_of_all; from;) {
    request.after = *from;
    const auto reply = answer_queue(spool, request, context, ReadIncoming::Yes, touched);
    all += std::get<QueueActionReply>(reply).recipients;
    from = std::get<QueueActionReply>(reply).next;
  }
  CHECK(touched.empty());
  return all;
}

struct Loop {
  std::vector<DeferredEntry> let_go;
  InHand hand{[this](const DeferredEntry& entry) { let_go.push_back(entry); }};
};

Message as_message(const spool::FreshMessage& fresh) { return {fresh.ref, fresh.envelope, {}}; }

}  // namespace

TEST_CASE("queue: what waits in incoming is deleted by a command, read or not, once, and a power cut brings none of it back") {
  for (const bool was_read : {false, true}) {
    CAPTURE(was_read);
    spool::Rig rig;
    for (int n = 0; n < 20; ++n) (void)rig.accept(2, "spam");
    auto spool = rig.open();
    if (was_read) CHECK(spool->fresh(1'000)->size() == 20);
    const QueueFilter filter{.sender = "ALICE@example.jp", .recipient = "r1@example.net"};
    CHECK(count(*spool, {.sender = "bob@example.jp"}, QueueActionKind::Delete) == 0);
    CHECK(count(*spool, filter, QueueActionKind::Delete) == 20);
    CHECK(count(*spool, filter, QueueActionKind::Delete) == 20);  // nothing was changed
    CHECK(act(*spool, filter, QueueActionKind::Delete) == 20);
    CHECK(act(*spool, filter, QueueActionKind::Delete) == 0);
    CHECK(list_queue(*spool, {}, {}, 1'000, now)->items.size() == 20);
    spool.reset();
    rig.cut();
    spool = rig.open();
    const auto left = *spool->fresh(1'000);
    CHECK(left.size() == 20);
    for (const auto& one : left) {
      REQUIRE(one.open.size() == 1);
      CHECK(one.open[0].index == 0);
    }
    CHECK_MESSAGE(act(*spool, {.id = left[3].ref.id}, QueueActionKind::Delete) == 1, "by its id");
    CHECK(act(*spool, {.error = "any"}, QueueActionKind::Delete) == 0);
    CHECK(spool->counts().holding_messages == 0);
  }
}

TEST_CASE("queue: mail that was never tried is returned with one report, sent to another address, and by another host without an attempt") {
  spool::Rig rig;
  const auto first = rig.accept(3, "Subject: one\r\n\r\ntext\r\n");
  const auto second = rig.accept(1, "Subject: two\r\n\r\ntext\r\n");
  const auto third = rig.accept(2, "Subject: three\r\n\r\ntext\r\n");
  auto spool = rig.open();
  CHECK(act(*spool, {.id = first}, QueueActionKind::Bounce) == 3);
  std::vector<Touched> touched;
  CHECK(act(*spool, {.id = second}, QueueActionKind::RedirectAddress, "bob@other.example", nullptr, 7, &touched) == 1);
  REQUIRE(touched.size() == 1);
  CHECK(touched[0].was == QueueState::Incoming);
  CHECK(touched[0].became.has_value());
  CHECK(touched[0].address == "r0@example.net");
  touched.clear();
  CHECK(act(*spool, {.id = third}, QueueActionKind::RedirectHost, "relay.example:26", nullptr, 7, &touched) == 2);
  REQUIRE(touched.size() == 2);
  CHECK(touched[0].again->via == "relay.example:26");
  spool.reset();
  rig.cut();
  spool = rig.open();
  const auto deferred = spool->deferred(third);
  REQUIRE(deferred.size() == 2);
  for (const auto& one : deferred) {
    CHECK(one.schedule.destination == "host:relay.example:26");
    CHECK(one.schedule.attempts == 0);
    CHECK(one.schedule.next_due == now);
  }
  const auto made = *spool->fresh(100);
  REQUIRE(made.size() == 2);
  for (const auto& one : made) {
    const auto text = *spool->body(one.ref, 0, 100'000);
    if (!one.envelope.reverse_path.is_null()) {
      CHECK(one.envelope.recipients[0].address.text() == "bob@other.example");
      continue;
    }
    CHECK(one.envelope.recipients[0].address.text() == "alice@example.jp");
    CHECK(text.find("r2@example.net") != std::string::npos);
    CHECK(text.find("5.0.0") != std::string::npos);
  }
  CHECK_MESSAGE(act(*spool, {}, QueueActionKind::Delete) == 4, "our own mail before its first attempt too");
  CHECK(list_queue(*spool, {}, {}, 100, now)->items.empty());
}

TEST_CASE("queue: whose first attempt fails while the queue is listed is listed once") {
  for (const bool by_id : {false, true}) {
    CAPTURE(by_id);
    spool::Rig rig;
    const auto id = rig.accept(2, "text");
    auto spool = rig.open();
    const auto fresh = *spool->fresh(10);
    BusySpool busy(*spool);
    busy.behind_search = [&] { REQUIRE(spool->defer(std::vector{spool::Deferral{fresh.at(0).ref, {spool::Rig::schedule(1)}, {}}})); };
    const auto list = list_queue(busy, by_id ? QueueFilter{.id = id} : QueueFilter{}, {}, 100, now);
    REQUIRE(list);
    std::set<std::uint32_t> seen;
    for (const auto& item : list->items) CHECK(seen.insert(item.recipient_index).second);
    CHECK(seen == std::set<std::uint32_t>{0, 1});
    CHECK_FALSE(list->next);
  }
}

TEST_CASE("queue: retry is for the deferred: fresh mail is due as it is") {
  spool::Rig rig;
  (void)rig.accept(2, "fresh");
  const auto spool = rig.open();
  CHECK(count(*spool, {}, QueueActionKind::Retry) == 0);
  CHECK(act(*spool, {}, QueueActionKind::Retry) == 0);
  CHECK(spool->fresh(10)->size() == 1);
}

TEST_CASE("queue: whose first attempt is under way is left alone, and whom a command has taken does not begin") {
  spool::Rig rig;
  (void)rig.accept(3, "text");
  const auto spool = rig.open();
  const auto fresh = spool->fresh(10)->front();
  const auto message = as_message(fresh);
  Loop loop;
  std::vector<std::uint32_t> first{0};
  {
    const InHand::Busy busy(loop.hand, message, first);
    CHECK(first.size() == 1);
    CHECK(act(*spool, {}, QueueActionKind::Delete, "", &loop.hand) == 2);
  }
  std::vector<std::uint32_t> all{0, 1, 2};
  {
    const InHand::Busy busy(loop.hand, message, all);
    CHECK_MESSAGE(all == std::vector<std::uint32_t>{0}, "the others are let go of");
  }
  CHECK(loop.let_go.size() == 2);
  CHECK_MESSAGE(loop.hand.idle(), "who was met is forgotten");
  CHECK(act(*spool, {}, QueueActionKind::Delete, "", &loop.hand) == 1);
  CHECK(!loop.hand.idle());
  loop.hand.forget([](const DeferredEntry&) { return true; });
  CHECK_MESSAGE(!loop.hand.idle(), "somebody in memory has it still");
  loop.hand.forget([](const DeferredEntry&) { return false; });
  CHECK(loop.hand.idle());
}

TEST_CASE("queue: an end that was written meanwhile stands; the command changes nothing and makes no mail") {
  spool::Rig rig;
  (void)rig.accept(2, "text");
  const auto spool = rig.open();
  const auto fresh = spool->fresh(10)->front();
  REQUIRE(spool->settle(std::vector{spool::Settlement{fresh.ref, {{0, spool::Outcome::DeliveredLazy, "7"}}, {}}}));
  Loop loop;
  CHECK(act(*spool, {}, QueueActionKind::Bounce, "", &loop.hand) == 1);
  CHECK(!spool->waits(fresh.ref, 0));
  CHECK(spool->fresh(10)->size() == 1);
}

TEST_CASE("queue: a write that comes after the operator's does not bring anybody back") {
  spool::Rig rig;
  const auto id = rig.accept(2, "text");
  auto spool = rig.open();
  const auto fresh = spool->fresh(10)->front();
  CHECK(act(*spool, {.recipient = "r0@example.net"}, QueueActionKind::Delete) == 1);
  const spool::Deferral deferral{fresh.ref, {spool::Rig::schedule(0), spool::Rig::schedule(1)}, {}};
  REQUIRE(spool->defer(std::vector{deferral}));
  REQUIRE_MESSAGE(spool->defer(std::vector{deferral}), "repeated, when its flush was not certain");
  REQUIRE(spool->deferred(id).size() == 1);
  CHECK(spool->deferred(id)[0].schedule.recipient == 1);
  CHECK(act(*spool, {}, QueueActionKind::Delete) == 1);
  REQUIRE(spool->defer(std::vector{deferral}));
  CHECK(spool->deferred(id).empty());
  spool.reset();
  rig.cut();
  spool = rig.open();
  CHECK(spool->counts().domains_recipients == 0);
  CHECK(spool->counts().holding_messages == 0);
  CHECK(spool->fresh(10)->empty());
}

TEST_CASE("queue: whom a failed command let go of is an orphan, to be read again") {
  spool::Rig rig;
  (void)rig.accept(1, "text");
  const auto spool = rig.open();
  const auto fresh = spool->fresh(10)->front();
  const auto message = as_message(fresh);
  Loop loop;
  REQUIRE(loop.hand.take(fresh.ref, 0));
  CHECK(!loop.hand.take(fresh.ref, 0));
  CHECK(loop.hand.left(message, 0));
  loop.hand.give_back(fresh.ref, 0);
  const auto orphans = loop.hand.take_orphans();
  REQUIRE(orphans.size() == 1);
  CHECK(orphans[0].first == fresh.ref);
  CHECK(loop.hand.idle());
  CHECK(loop.hand.begin(message, 0));
  CHECK(!loop.hand.take(fresh.ref, 0));
  loop.hand.end(message, 0);
  CHECK(loop.hand.take(fresh.ref, 0));
  loop.hand.give_back(fresh.ref, 0);
  CHECK_MESSAGE(loop.hand.take_orphans().empty(), "nobody let go of it");
}

TEST_CASE("queue: what is deferred is not looked at in hand") {
  Loop loop;
  Message message;
  message.history[0] = spool::Rig::schedule(0);
  REQUIRE(loop.hand.take(message.ref, 0));
  CHECK(loop.hand.begin(message, 0));
  loop.hand.end(message, 0);
  CHECK(!loop.hand.left(message, 0));
  loop.hand.give_back(message.ref, 0);
}

TEST_CASE("queue: who was passed on is met in silence, however long that takes") {
  spool::Rig rig;
  (void)rig.accept(1, "text");
  const auto spool = rig.open();
  const auto fresh = spool->fresh(10)->front();
  Loop loop;
  CHECK(act(*spool, {}, QueueActionKind::RedirectHost, "relay.example", &loop.hand) == 1);
  loop.hand.pass_on({fresh.ref.id, 0});
  loop.hand.forget([](const DeferredEntry&) { return false; });
  CHECK(loop.hand.left(as_message(fresh), 0));
  CHECK_MESSAGE(loop.let_go.empty(), "its claim is another's now");
  CHECK(loop.hand.idle());
}
