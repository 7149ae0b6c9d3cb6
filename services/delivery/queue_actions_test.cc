#include "services/delivery/queue_actions.h"

#include "services/delivery/queue.h"
#include "services/delivery/queue_audit.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime now{std::chrono::seconds{1'700'010'000}};
const ActionContext context{{"mx.here.example", 0, now, {}}};

// `messages` with two recipients each, r0 and r1@example.net, deferred.
std::unique_ptr<spool::Spool> deferred_queue(spool::Rig& rig, int messages, std::vector<TraceId>& ids) {
  for (int n = 0; n < messages; ++n) ids.push_back(rig.accept(2, "Subject: " + std::to_string(n) + "\r\n\r\ntext\r\n"));
  auto spool = rig.open();
  for (const auto& one : *spool->fresh(1'000)) {
    auto first = spool::Rig::schedule(0), second = spool::Rig::schedule(1);
    first.last_reply = "451 4.7.1 first, later";
    second.destination = "mx:slow.example";
    second.last_reply = "connection timed out";
    REQUIRE(spool->defer(std::vector{spool::Deferral{one.ref, {first, second}, {}}}));
  }
  return spool;
}

std::uint64_t act_on_all(spool::Spool& spool, const QueueFilter& filter, const QueueAction& action, std::size_t limit = 7, InHand* in_hand = nullptr) {
  std::uint64_t changed = 0;
  for (std::optional<QueueCursor> from = first_of_all; from;) {
    const auto page = act_on_queue(spool, filter, action, *from, limit, context, in_hand);
    REQUIRE(page);
    CHECK(page->touched.size() == page->changed);
    changed += page->changed;
    from = page->next;
  }
  return changed;
}

}  // namespace

TEST_CASE("queue: pages hold every match once, whatever their size") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  const auto spool = deferred_queue(rig, 30, ids);
  (void)rig.accept(1, "fresh");
  for (const std::size_t limit : {1UL, 7UL, 100UL}) {
    std::size_t found = 0, incoming = 0;
    for (std::optional<QueueCursor> at = QueueCursor{}; at;) {
      const auto page = list_queue(*spool, {}, *at, limit, now);
      REQUIRE(page);
      CHECK(page->items.size() <= limit);
      found += page->items.size();
      for (const auto& item : page->items) incoming += item.state == QueueState::Incoming ? 1 : 0;
      at = page->next;
    }
    CHECK(found == 61);
    CHECK(incoming == 1);
  }
  CHECK(list_queue(*spool, {.recipient = "r1@example.net"}, {}, 100, now)->items.size() == 30);
  CHECK(list_queue(*spool, {.sender = "alice@example.jp", .error = "TIMED"}, {}, 100, now)->items.size() == 30);
  CHECK(list_queue(*spool, {.sender = "bob@example.jp"}, {}, 100, now)->items.empty());
  CHECK(list_queue(*spool, {.destination = "slow.example"}, {}, 100, now)->items.size() == 30);
  CHECK(list_queue(*spool, {.id = ids[3]}, {}, 100, now)->items.size() == 2);
  CHECK(list_queue(*spool, {.most_octets = 3}, {}, 100, now)->items.empty());
  const auto summary = summarize_queue(*spool, {}, 1, now);
  REQUIRE(summary);
  CHECK(summary->left_out == 1);
  CHECK(summary->all.recipients == 60);
  CHECK(summary->destinations[0].messages == 30);
  CHECK(!summary->destinations[0].last_reply.empty());
}

TEST_CASE("queue: retry makes due, delete ends and tells nobody, and both survive a power cut") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  auto spool = deferred_queue(rig, 20, ids);
  CHECK(act_on_all(*spool, {.destination = "slow.example"}, {QueueActionKind::Retry, ""}) == 20);
  CHECK(act_on_all(*spool, {.error = "first"}, {QueueActionKind::Delete, ""}) == 20);
  spool.reset();
  rig.cut();
  spool = rig.open();
  CHECK(spool->counts().domains_recipients == 20);
  spool->for_each_deferred([](const spool::DeferredRecipient& one) {
    CHECK(one.schedule.next_due == now);
    CHECK(one.schedule.recipient == 1);
  });
  CHECK_MESSAGE(spool->fresh(100)->empty(), "nobody is told");
}

TEST_CASE("queue: a bounce is one report with the peer's words, however often the command comes") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  auto spool = deferred_queue(rig, 5, ids);
  CHECK(act_on_all(*spool, {.id = ids[0]}, {QueueActionKind::Bounce, ""}) == 2);
  CHECK(act_on_all(*spool, {.id = ids[0]}, {QueueActionKind::Bounce, ""}) == 0);
  const auto reports = *spool->fresh(100);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].envelope.reverse_path.is_null());
  CHECK(reports[0].envelope.recipients[0].address.text() == "alice@example.jp");
  const auto text = *spool->body(reports[0].ref, 0, 100'000);
  CHECK(text.find("451 4.7.1 first, later") != std::string::npos);
  CHECK(text.find("r1@example.net") != std::string::npos);
  CHECK(text.find("Subject: 0") != std::string::npos);
  spool.reset();
  rig.cut();
  spool = rig.open();
  CHECK(spool->counts().domains_recipients == 8);
  CHECK(spool->fresh(100)->size() == 1);
}

TEST_CASE("queue: redirected mail goes by the chosen host, or to the chosen address with the old one named") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  auto spool = deferred_queue(rig, 4, ids);
  CHECK(act_on_all(*spool, {.destination = "slow.example"}, {QueueActionKind::RedirectHost, "relay.example:2525"}) == 4);
  CHECK(act_on_all(*spool, {.error = "first"}, {QueueActionKind::RedirectAddress, "Bob@Other.example"}, 2) == 4);
  spool.reset();
  rig.cut();
  spool = rig.open();
  spool->for_each_deferred([](const spool::DeferredRecipient& one) {
    CHECK(one.schedule.via == "relay.example:2525");
    CHECK(one.schedule.destination == "host:relay.example:2525");
    CHECK(one.schedule.next_due == now);
  });
  const auto mails = *spool->fresh(100);
  REQUIRE(mails.size() == 4);
  CHECK(mails[0].envelope.recipients[0].address.text() == "Bob@other.example");
  CHECK(mails[0].envelope.recipients[0].original_recipient == "rfc822;r0@example.net");
  CHECK(mails[0].envelope.reverse_path.text() == "alice@example.jp");
  CHECK(spool->body(mails[0].ref, 0, 100)->starts_with("Subject: "));
}

TEST_CASE("queue: a chosen host is a name or an address, with a port or without") {
  struct Row {
    const char* text;
    const char* key;  // null: refused
  };
  for (const auto& row : {Row{"relay.example", "host:relay.example:25"}, Row{"Relay.Example:2525", "host:relay.example:2525"},
                          Row{"192.0.2.1:26", "host:192.0.2.1:26"}, Row{"[2001:db8::1]:26", "host:2001:db8::1:26"},
                          Row{"2001:db8::1", "host:2001:db8::1:25"}, Row{"[192.0.2.1]", "host:192.0.2.1:25"}, Row{"", nullptr},
                          Row{":25", nullptr}, Row{"a:0", nullptr}, Row{"a:65536", nullptr}, Row{"a:x", nullptr}, Row{"a b", nullptr},
                          Row{"[::1", nullptr}, Row{"[::1]x", nullptr}, Row{"a/b", nullptr}, Row{"a:", nullptr}, Row{"a\r\nb", nullptr}}) {
    CAPTURE(row.text);
    const auto hop = parse_chosen_hop(row.text);
    REQUIRE(hop.has_value() == (row.key != nullptr));
    if (hop) CHECK(hop->key() == row.key);
  }
}

TEST_CASE("queue: what an operator did is in the log, and what ended by it has its last line") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  auto spool = deferred_queue(rig, 3, ids);
  const SystemClock clock;
  auto* sink = new telemetry::MemorySink;
  telemetry::Log log({.service = "t"}, std::unique_ptr<telemetry::LogSink>(sink), clock);
  const auto count = [&](std::string_view text) {
    log.drain();
    std::size_t found = 0;
    const auto lines = sink->text();
    for (auto at = lines.find(text); at != std::string::npos; at = lines.find(text, at + 1)) ++found;
    return found;
  };
  QueueAudit audit(log);
  const auto run = [&](const QueueFilter& filter, const QueueAction& action, ActionRun how, std::uint32_t limit) {
    QueueActionRequest request{filter, action, how, first_of_all, limit, "taro"};
    for (;;) {
      std::vector<Touched> touched;
      const auto reply = answer_queue(*spool, request, context, ReadIncoming::Yes, touched);
      audit.carried_out(request, reply, touched, 7);
      const auto& done = std::get<QueueActionReply>(reply);
      if (!done.next) break;
      request.after = *done.next;
    }
  };
  run({.destination = "slow.example"}, {QueueActionKind::Delete, ""}, ActionRun::Dry, 1);
  CHECK_MESSAGE(count("queue.changed") == 0, "nothing was changed");
  run({.destination = "slow.example"}, {QueueActionKind::Delete, ""}, ActionRun::Real, 1);
  CHECK_MESSAGE(count("queue.changed") == 1, "a command of several parts is told once");
  CHECK(count("\"count\":3,\"by\":\"taro\",\"text\":\"delete --destination slow.example\"") == 1);
  CHECK(count("\"event\":\"mail.failed\"") == 3);
  CHECK(count("\"recipient\":\"r1@example.net\"") == 3);
  CHECK(count("\"reason\":\"deleted by operator\"") == 3);
  run({.id = ids[0]}, {QueueActionKind::Bounce, ""}, ActionRun::Real, 500);
  CHECK(count("\"reason\":\"returned by operator\"") == 1);
  CHECK(count("bounce --id " + ids[0].text()) == 1);
  CHECK_MESSAGE(count("\"parent\":\"" + ids[0].text() + "\"") == 1, "the report names the mail it is about");
  run({.id = ids[1]}, {QueueActionKind::RedirectAddress, "new@far.example"}, ActionRun::Real, 500);
  CHECK(count("\"event\":\"mail.expanded\"") == 1);
  CHECK(count("\"parent\":\"" + ids[1].text() + "\"") == 1);
  run({}, {QueueActionKind::Retry, ""}, ActionRun::Real, 500);
  CHECK(count("\"text\":\"retry --all\"") == 1);
  CHECK(count("mail.failed") == 4);
}

TEST_CASE("queue: a place in a listing comes back from its text as it was; nothing else does") {
  const QueueCursor places[] = {{0, {}}, {4'711, {}}, {0, spool::FreshCursor{}}, {0, spool::FreshCursor{7, {storage::SegmentNumber{1ULL << 60}, 4096}, 3}},
                                {0, spool::FreshCursor{65'535, {storage::SegmentNumber{1}, UINT32_MAX}, UINT32_MAX}}};
  for (const auto& one : places) CHECK(parse_queue_cursor(text_of(one)) == one);
  for (const char* text : {"", "x", "-1", "4294967296", "i", "i1", "i1-2-3", "i1-2-3-", "i1-2-3-4-5", "i65536-1-1-1", "i1-1-4294967296-1", "I1-2-3-4", "1 ", "i1--2-3"})
    CHECK_MESSAGE(!parse_queue_cursor(text), text);
}

TEST_CASE("queue: a search that is told that it is enough says where it goes on, and leaves nobody out") {
  spool::Rig rig;
  std::vector<TraceId> ids;
  auto spool = deferred_queue(rig, 5, ids);
  for (int n = 0; n < 2'000; ++n) (void)rig.accept(1, "fresh");  // without digests: a few heads at a time
  const QueueFilter filter{.sender = "ALICE@example.jp"};
  std::size_t found = 0, pages = 0;
  for (std::optional<QueueCursor> at = QueueCursor{}; at; ++pages) {
    const auto page = list_queue(*spool, filter, *at, 100'000, now, [] { return true; });
    REQUIRE(page);
    found += page->items.size();
    at = page->next;
    REQUIRE(pages < 3'000);
  }
  CHECK(found == 2'010);
  CHECK(pages > 3);
}

TEST_CASE("queue: destinations come page by page, most recipients first, each once, and by the code of the last reply") {
  spool::Rig rig;
  for (int n = 0; n < 60; ++n) (void)rig.accept(1, "text");
  auto spool = rig.open();
  int number = 0;
  for (const auto& one : *spool->fresh(1'000)) {
    auto schedule = spool::Rig::schedule(0);
    schedule.destination = "mx:d" + std::to_string(number % 7 + number % 3 * 10) + ".example";
    schedule.last_reply = number % 2 == 0 ? "451 4.7.1 later" : "450 4.2.0 not 451 4.7.1";
    REQUIRE(spool->defer(std::vector{spool::Deferral{one.ref, {schedule}, {}}}));
    ++number;
  }
  const auto whole = *summarize_queue(*spool, {}, 500, now);
  CHECK(!whole.next());
  for (const std::size_t limit : {1UL, 4UL, 21UL}) {
    std::vector<std::string> names;
    std::optional<SummaryCursor> after;
    do {
      const auto page = *summarize_queue(*spool, {}, limit, now, after);
      CHECK(page.all.recipients == 60);
      CHECK(page.left_out + names.size() + page.destinations.size() == whole.destinations.size());
      for (const auto& one : page.destinations) names.push_back(one.destination);
      after = page.next();
      if (after) CHECK(parse_summary_cursor(text_of(*after)) == after);
    } while (after && names.size() < 100);
    REQUIRE(names.size() == whole.destinations.size());
    for (std::size_t n = 0; n < names.size(); ++n) CHECK(names[n] == whole.destinations[n].destination);
  }
  CHECK(summarize_queue(*spool, {.code = "451"}, 500, now)->all.recipients == 30);
  CHECK(summarize_queue(*spool, {.code = "4.2.0"}, 500, now)->all.recipients == 30);
  CHECK(summarize_queue(*spool, {.error = "later", .code = "450"}, 500, now)->all.recipients == 0);
  CHECK(summarize_queue(*spool, {.code = "421"}, 500, now)->all.recipients == 0);
  CHECK(list_queue(*spool, {.code = "4.7.1"}, {}, 100, now)->items.size() == 30);
  CHECK(act_on_all(*spool, {.code = "450"}, {QueueActionKind::Delete, ""}) == 30);
  CHECK(spool->counts().domains_recipients == 30);
  for (const char* text : {"", "x", "1", "/a", "-1/a", "18446744073709551616/a", "1 /a"}) CHECK_MESSAGE(!parse_summary_cursor(text), text);
  CHECK(parse_summary_cursor("3/mx:a/b.example") == SummaryCursor{3, "mx:a/b.example"});
}
