#include "services/spool/spool.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <future>

#include "io/simulated_disk.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::spool;

TEST_CASE("spool: a message goes from incoming to its end, and its segment is given back") {
  Rig rig;
  for (int i = 0; i < 40; ++i) rig.accept(2, std::string(5'000, 'x'));
  auto spool = rig.open();
  const auto fresh = *spool->fresh(100);
  REQUIRE(fresh.size() == 40);
  CHECK(spool->fresh(100)->empty());
  CHECK(spool->counts().incoming_messages == 40);
  for (const auto& one : fresh) {
    CHECK(one.open.size() == 2);
    CHECK(*spool->body(one.ref, 0, 10'000) == std::string(5'000, 'x'));
    REQUIRE(spool->settle(std::vector{Rig::delivered(one)}));
  }
  CHECK(spool->has_unflushed());
  REQUIRE(spool->tend());
  REQUIRE(spool->flush());
  CHECK(!spool->has_unflushed());
  CHECK(spool->counts().incoming_messages == 0);
  CHECK(spool->body(fresh.front().ref, 0, 10).error().kind == SpoolFailure::Gone);
  spool.reset();
  spool = rig.open();
  CHECK(spool->fresh(100)->empty());
}

TEST_CASE("spool: one process at a time") {
  Rig rig;
  auto spool = rig.open();
  const auto second = Spool::open(rig.disk, rig.options());
  REQUIRE(!second);
  CHECK(second.error().kind == SpoolFailure::NotOwner);
}

TEST_CASE("spool: deferred mail lives in holding, keeps its schedule over a restart, and ends") {
  Rig rig;
  const auto id = rig.accept(3, "a text");
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  REQUIRE(spool->settle(std::vector{Settlement{message.ref, {{0, Outcome::Delivered, {}}}, {}}}));
  auto later = Rig::schedule(1);
  later.destination = "slow.example";
  later.attempts = 3;
  later.paused = std::chrono::minutes{7};
  later.last_reply = "451 4.7.1 later";
  REQUIRE(spool->defer(std::vector{Deferral{message.ref, {later, Rig::schedule(2)}, {}}}));
  REQUIRE(spool->tend());
  CHECK(spool->counts().incoming_messages == 0);
  CHECK(spool->counts().holding_messages == 1);
  CHECK(spool->counts().domains_recipients == 2);
  spool.reset();
  rig.cut();
  spool = rig.open();
  CHECK(spool->fresh(10)->empty());
  const auto deferred = spool->deferred(id);
  REQUIRE(deferred.size() == 2);
  CHECK(std::ranges::any_of(deferred, [&](const auto& one) { return one.schedule == later; }));
  const MessageRef held{id, 0, {}};
  CHECK(*spool->body(held, 0, 100) == "a text");
  CHECK(spool->in_holding(held.id));
  CHECK(!spool->in_holding({1, 1, 1, 999'999}));
  CHECK(*spool->body(held, 2, 3) == "tex");
  CHECK(spool->envelope(held)->recipients.size() == 3);
  later.attempts = 4;
  REQUIRE(spool->defer(std::vector{Deferral{held, {later}, {}}}));
  CHECK(spool->counts().domains_recipients == 2);
  REQUIRE(spool->settle(std::vector{Settlement{held, {{1, Outcome::Delivered, {}}, {2, Outcome::Expired, {}}}, {}}}));
  REQUIRE(spool->tend());
  CHECK(spool->counts().holding_messages == 0);
  CHECK(spool->counts().holding_octets == 0);
  CHECK(spool->body(held, 0, 1).error().kind == SpoolFailure::NotFound);
  CHECK(spool->defer(std::vector{Deferral{held, {later}, {}}}).error().kind == SpoolFailure::NotFound);
}

TEST_CASE("spool: mail that no mail causes comes once, also after a restart") {
  Rig rig;
  const std::string text = "a report\r\n";
  Envelope envelope;
  envelope.id = {1, 0, 0, 4711};
  envelope.recipients = {{{"tls", "a.example"}, "", {.never = true}}};
  envelope.body_octets = text.size();
  const GeneratedMail mail{envelope, text};
  auto spool = rig.open();
  REQUIRE(spool->generate({&mail, 1}));
  REQUIRE(spool->generate({&mail, 1}));  // again: the same mail
  const auto found = spool->fresh(100);
  REQUIRE(found);
  CHECK(std::ranges::count(*found, envelope.id, [](const FreshMessage& one) { return one.ref.id; }) == 1);
  spool.reset();
  rig.cut();
  spool = rig.open();
  const auto again = spool->fresh(100);
  REQUIRE(again);
  REQUIRE(std::ranges::count(*again, envelope.id, [](const FreshMessage& one) { return one.ref.id; }) == 1);
  CHECK(*spool->body({envelope.id, 0, {}}, 0, 1000) == text);
}

TEST_CASE("spool: generated mail comes with its cause, once") {
  Rig rig;
  rig.accept(1, "a text");
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  auto settlement = Rig::delivered(message);
  settlement.outcomes[0].outcome = Outcome::Bounced;
  settlement.generated.push_back(Rig::bounce(message, "r0@example.net"));
  REQUIRE(spool->settle(std::vector{settlement}));
  REQUIRE(spool->settle(std::vector{settlement}));
  const auto bounces = *spool->fresh(10);
  REQUIRE(bounces.size() == 1);
  CHECK(bounces[0].ref.journal == 0);
  CHECK(bounces[0].envelope.id == settlement.generated[0].envelope.id);
  CHECK(*spool->body(bounces[0].ref, 0, 1000) == settlement.generated[0].text);
  spool.reset();
  rig.cut();
  spool = rig.open();
  REQUIRE(spool->fresh(10)->size() == 1);
  REQUIRE(spool->settle(std::vector{Rig::delivered(bounces[0])}));
  spool.reset();
  rig.kill();
  spool = rig.open();
  CHECK(spool->fresh(10)->empty());
}

TEST_CASE("spool: lazy copies are flushed before release and verified after a restart") {
  Rig rig;
  rig.accept(1, "one");
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  REQUIRE(spool->settle(std::vector{Settlement{message.ref, {{0, Outcome::DeliveredLazy, "account/7"}}, {}}}));
  REQUIRE(spool->tend());
  CHECK_MESSAGE(spool->body(message.ref, 0, 3), "nobody flushed the account: the segment stays");
  spool.reset();
  rig.kill();
  spool = rig.open();
  const auto again = *spool->fresh(10);
  REQUIRE(again.size() == 1);
  CHECK(again[0].open[0].delivery == Delivery::Verify);
  // It is delivered: in no view does it wait.
  const auto views = [&] {
    std::size_t listed = 0, surveyed = 0;
    spool->for_each_fresh([&](const MessageRef&) { ++listed; });
    REQUIRE(spool->survey([&](const SurveyedMessage&) { ++surveyed; }));
    CHECK(spool->counts().incoming_messages == listed);
    CHECK(surveyed == listed);
    return listed;
  };
  CHECK(views() == 0);
  CHECK(!spool->counts().incoming_oldest);
  CHECK(spool->fresh_recipients(message.ref).empty());
  rig.accept(2, "two");
  const auto other = spool->fresh(10)->at(0);
  CHECK(views() == 1);
  CHECK(spool->fresh_recipients(other.ref) == std::vector<std::uint32_t>{0, 1});
  REQUIRE(spool->settle(std::vector{Settlement{other.ref, {{0, Outcome::Delivered, {}}}, {}}}));
  CHECK(spool->fresh_recipients(other.ref) == std::vector<std::uint32_t>{1});
  CHECK(views() == 1);
  REQUIRE(spool->settle(std::vector{Settlement{other.ref, {{1, Outcome::Delivered, {}}}, {}}}));
  CHECK(views() == 0);
  REQUIRE(spool->settle(std::vector{Settlement{message.ref, {{0, Outcome::DeliveredLazy, "account/7"}}, {}}}));
  std::vector<std::string> flushed;
  spool->set_flush_accounts([&](const std::vector<std::string>& accounts) { return flushed = accounts, true; });
  REQUIRE(spool->tend());
  CHECK(flushed == std::vector<std::string>{"account/7"});
  CHECK(spool->body(message.ref, 0, 3).error().kind == SpoolFailure::Gone);
}

TEST_CASE("spool: one old message pins no segment of holding; snapshots let the log's go") {
  Rig rig;
  auto spool = rig.open();
  const auto old = rig.accept(1, std::string(1'000, 'o'));
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 20; ++i) rig.accept(1, std::string(3'000, 'x'));
    const auto fresh = *spool->fresh(100);
    for (const auto& one : fresh) REQUIRE(spool->defer(std::vector{Deferral{one.ref, {Rig::schedule(0)}, {}}}));
    for (const auto& one : fresh)
      if (one.ref.id != old) REQUIRE(spool->settle(std::vector{Settlement{{one.ref.id, 0, {}}, {{0, Outcome::Delivered, {}}}, {}}}));
    REQUIRE(spool->tend());
    REQUIRE(spool->tend());
    if (round % 7 == 3) spool.reset(), rig.cut(), spool = rig.open();
  }
  CHECK(*spool->body({old, 0, {}}, 0, 5'000) == std::string(1'000, 'o'));
  CHECK(spool->counts().holding_messages == 1);
  CHECK_MESSAGE(rig.segments_of("holding") <= 8, rig.segments_of("holding"));
  CHECK_MESSAGE(rig.segments_of("domains") <= 8, rig.segments_of("domains"));
}

namespace {
// The text in pieces, as a next hop gets it; what came before the error stays in `got`.
SpoolResult<> read_in_pieces(Spool& spool, const MessageRef& message, std::uint64_t octets, std::string& got) {
  const auto reader = spool.text(message, octets);
  for (;;) {
    TRY(piece, reader->next(7'000));
    if (piece.empty()) return {};
    got += piece;
  }
}
std::string only_file(Rig& rig, const std::string& folder, std::string_view prefix) {
  std::string found;
  for (const auto& name : *rig.disk.list(folder))
    if (name.starts_with(prefix)) found = folder + "/" + name;
  return found;
}
}  // namespace

TEST_CASE("spool: a text read in pieces never ends well when an octet of it was flipped on disk") {
  struct Row {
    const char* name;
    std::size_t octets;
    const char* where;     // the file that rots
    const char* prefix;
    bool deferred;
  };
  for (const auto& row : {Row{"record in incoming", 10'000, "/spool/incoming-1", "segment-", false},
                          Row{"record in incoming, of many pieces", 90'000, "/spool/incoming-1", "segment-", false},
                          Row{"blob in incoming", 200'000, "/spool/incoming-1", "blob-", false},
                          Row{"record in holding", 10'000, "/spool/holding", "segment-", true},
                          Row{"blob in holding", 90'000, "/spool/holding", "blob-", true},
                          Row{"large blob in holding", 200'000, "/spool/holding", "blob-", true}})
    for (const double place : {-1.0, 0.0, 0.3, 0.9999}) {
      CAPTURE(row.name);
      CAPTURE(place);
      Rig rig;
      std::string text;
      for (std::size_t i = 0; text.size() < row.octets; ++i) text += std::to_string(i) + "\r\n";
      text.resize(row.octets);
      const auto id = rig.accept(1, text);
      auto spool = rig.open();
      auto ref = spool->fresh(10)->at(0).ref;
      if (row.deferred) {
        REQUIRE(spool->defer(std::vector{Deferral{ref, {Rig::schedule(0)}, {}}}));
        ref = {id, 0, {}};
      }
      const auto path = only_file(rig, row.where, row.prefix);
      REQUIRE(!path.empty());
      if (place >= 0) {
        std::string content(*(*rig.disk.open(path, io::OpenMode::Read))->size(), '\0');
        REQUIRE((*rig.disk.open(path, io::OpenMode::Read))->read_at(0, content));
        const auto at = content.find(text);
        REQUIRE(at != std::string::npos);
        REQUIRE(rig.disk.damage(path, at + static_cast<std::size_t>(place * static_cast<double>(text.size())), 1));
      }
      std::string got;
      const auto read = read_in_pieces(*spool, ref, text.size(), got);
      if (place < 0) {
        REQUIRE_MESSAGE(read, read.error().what);
        CHECK(got == text);
        CHECK(*spool->body(ref, 0, 1 << 20) == text);
        CHECK_MESSAGE(!read_in_pieces(*spool, ref, text.size() - 1, got), "shorter than it is");
        CHECK_MESSAGE(!read_in_pieces(*spool, ref, text.size() + 1, got), "longer than it is");
      } else {
        CHECK(!read);
        if (!read) CHECK(read.error().kind == SpoolFailure::Damaged);
        CHECK_MESSAGE(got.size() < text.size(), "the last piece is kept back");
        const auto whole = spool->body(ref, 0, 1 << 20);
        CHECK((!whole && whole.error().kind == SpoolFailure::Damaged));
        // Nor is it kept for later as if it were sound.
        if (!row.deferred) {
          const auto deferred = spool->defer(std::vector{Deferral{ref, {Rig::schedule(0)}, {}}});
          CHECK((!deferred && deferred.error().kind == SpoolFailure::Damaged));
        }
      }
    }
}

TEST_CASE("spool: a text that moves by compaction while it is read is whole all the same") {
  Rig rig;
  const auto old = rig.accept(1, std::string(11'000, 'o'));
  auto spool = rig.open();
  REQUIRE(spool->defer(std::vector{Deferral{spool->fresh(1)->at(0).ref, {Rig::schedule(0)}, {}}}));
  const auto reader = spool->text({old, 0, {}}, 11'000);
  REQUIRE(reader->next(5'000));
  for (int i = 0; i < 12; ++i) {
    const auto id = rig.accept(1, std::string(11'000, 'n'));
    REQUIRE(spool->defer(std::vector{Deferral{spool->fresh(1)->at(0).ref, {Rig::schedule(0)}, {}}}));
    REQUIRE(spool->settle(std::vector{Settlement{{id, 0, {}}, {{0, Outcome::Delivered, {}}}, {}}}));
    REQUIRE(spool->tend());
  }
  const auto rest = reader->next(11'000);
  REQUIRE_MESSAGE(rest, rest.error().what);
  CHECK(*rest == std::string(6'000, 'o'));
}

TEST_CASE("spool: a blob of the first format has no checksum and is read all the same") {
  Rig rig;
  rig.blob_form = Rig::BlobForm::First;
  const std::string text(200'000, 'L');
  rig.accept(1, text);
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  std::string got;
  REQUIRE(read_in_pieces(*spool, message.ref, text.size(), got));
  CHECK(got == text);
  REQUIRE(rig.disk.damage(only_file(rig, "/spool/incoming-1", "blob-"), 199'999, 1));
  CHECK(read_in_pieces(*spool, message.ref, text.size(), got));
  CHECK_MESSAGE(!read_in_pieces(*spool, message.ref, text.size() + 1, got), "its length is known");
}

TEST_CASE("spool: a large text is a blob in incoming and in holding, and goes with its message") {
  Rig rig;
  const std::string text(200'000, 'L');
  const auto id = rig.accept(1, text);
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  CHECK(*spool->body(message.ref, 0, 1 << 20) == text);
  CHECK(spool->body(message.ref, 199'990, 100)->size() == 10);
  REQUIRE(spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(0)}, {}}}));
  REQUIRE(spool->tend());
  spool.reset();
  rig.cut();
  spool = rig.open();
  CHECK(*spool->body({id, 0, {}}, 0, 1 << 20) == text);
  REQUIRE(spool->settle(std::vector{Settlement{{id, 0, {}}, {{0, Outcome::Delivered, {}}}, {}}}));
  REQUIRE(spool->flush());
  for (const auto& name : *rig.disk.list("/spool/holding")) CHECK(!name.starts_with("blob-"));
}

TEST_CASE("spool: a large text that is held again stays when the one before it goes") {
  Rig rig;
  const std::string text(200'000, 'L');
  const auto id = rig.accept(2, text);
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  REQUIRE(spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(0)}, {}}}));
  REQUIRE(spool->settle(std::vector{Settlement{{id, 0, {}}, {{0, Outcome::Delivered, {}}}, {}}}));
  // The other recipient's first attempt fails before the outcome is flushed.
  REQUIRE(spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(1)}, {}}}));
  REQUIRE(spool->flush());
  const auto held = spool->body({id, 0, {}}, 0, 1 << 20);
  REQUIRE_MESSAGE(held, held.error().what);
  CHECK(*held == text);
}

TEST_CASE("spool: a full disk takes no outcome back that was written before it was full") {
  constexpr std::size_t messages = 300;
  Rig rig;
  for (std::size_t n = 0; n < messages; ++n) rig.accept(1, "text");
  auto spool = rig.open();
  const auto fresh = *spool->fresh(messages);
  REQUIRE(fresh.size() == messages);
  REQUIRE(spool->settle(std::vector{Rig::delivered(fresh[0])}));
  rig.disk.set_capacity(UINT64_MAX - *rig.disk.free_octets("/spool"));  // not one block more
  std::size_t settled = 1;
  while (settled < messages && spool->settle(std::vector{Rig::delivered(fresh[settled])})) ++settled;
  REQUIRE(settled < messages);
  rig.disk.set_capacity(UINT64_MAX);
  REQUIRE(spool->flush());
  spool.reset();
  rig.cut();
  spool = rig.open();
  CHECK(spool->fresh(messages)->size() == messages - settled);
}

TEST_CASE("spool: a full disk drains") {
  Rig rig;
  rig.disk.set_capacity(3 << 20);
  int accepted = 0;
  while (rig.try_accept(1, std::string(8'000, 'x'))) ++accepted;
  CHECK(accepted > 50);
  auto spool = rig.open();
  for (int left = accepted; left > 0;) {
    const auto fresh = *spool->fresh(20);
    REQUIRE(!fresh.empty());
    for (const auto& one : fresh) {
      if (left % 10 == 0) {
        const auto deferred = spool->defer(std::vector{Deferral{one.ref, {Rig::schedule(0)}, {}}});
        REQUIRE_MESSAGE(deferred, deferred.error().what);
      } else {
        REQUIRE(spool->settle(std::vector{Rig::delivered(one)}));
      }
      --left;
    }
    REQUIRE(spool->tend());
  }
  CHECK(spool->counts().incoming_messages == 0);
  CHECK_MESSAGE(rig.try_accept(1, "there is room again"), "the writer takes back what was released");
}

TEST_CASE("spool: while an account is slow to flush, outcomes are written and flushed") {
  Rig rig;
  rig.accept(1, "one");
  auto spool = rig.open();
  const auto message = spool->fresh(10)->at(0);
  REQUIRE(spool->settle(std::vector{Settlement{message.ref, {{0, Outcome::DeliveredLazy, "7"}}, {}}}));
  rig.accept(1, "two");
  // Its writer sealed nothing yet: an unclean end does, for the spool that is opened next.
  spool.reset();
  rig.kill();
  spool = rig.open();
  const auto fresh = *spool->fresh(10);
  REQUIRE(fresh.size() == 2);
  for (const auto& one : fresh) REQUIRE(spool->settle(std::vector{Settlement{one.ref, {{0, Outcome::DeliveredLazy, "7"}}, {}}}));
  rig.accept(1, "three");
  const auto third = spool->fresh(10)->at(0);
  bool asked = false;
  spool->set_flush_accounts([&](const auto&) {
    asked = true;
    // As another thread does meanwhile; it would wait for ever.
    auto settling = std::async(std::launch::async, [&] { return spool->settle(std::vector{Rig::delivered(third)}) && spool->flush(); });
    const bool in_time = settling.wait_for(std::chrono::seconds{5}) == std::future_status::ready;
    CHECK(in_time);
    if (!in_time) std::abort();
    return settling.get();
  });
  REQUIRE(spool->tend());
  CHECK(asked);
  CHECK(spool->body(message.ref, 0, 3).error().kind == SpoolFailure::Gone);
}

TEST_CASE("spool: what was taken from one journal is not lost when another cannot be read") {
  Rig rig;
  rig.accept(1, "one");
  auto bad = *storage::open_file_journal(rig.disk, "/spool/incoming-2", rig.incoming_options());
  Envelope envelope;
  envelope.id = {1, 2, 1, 1};
  envelope.recipients.push_back({{"r", "example.net"}, "", {}});
  const auto head = encode(MessageHead{TextPlace::InRecord, envelope});
  const storage::Record record[] = {{head, {}}};
  REQUIRE(bad->append(record));
  auto spool = rig.open();
  std::size_t seen = 0;
  for (std::uint64_t nth = 1; nth < 12; ++nth) {
    rig.disk.fail(io::DiskCall::Read, nth, io::DiskFailure::Broken);
    if (const auto fresh = spool->fresh(10)) seen += fresh->size();
    rig.disk.clear_faults();
  }
  if (const auto fresh = spool->fresh(10)) seen += fresh->size();
  CHECK(seen == 2);
}

TEST_CASE("spool: below the lowest id of what is not released nothing comes again") {
  Rig rig;
  const auto first = rig.accept(1, "one");
  auto spool = rig.open();
  CHECK_MESSAGE(spool->lowest_unreleased().empty(), "nothing was read yet");
  const auto one = spool->fresh(10)->at(0);
  CHECK(spool->lowest_unreleased() == std::vector{first});
  REQUIRE(spool->settle(std::vector{Rig::delivered(one)}));
  REQUIRE(spool->tend());
  CHECK_MESSAGE(spool->lowest_unreleased() == std::vector{first}, "settled, but its segment is still being written");
  spool.reset();
  rig.kill();
  const auto second = rig.accept(1, "two");
  spool = rig.open();
  CHECK_MESSAGE(spool->lowest_unreleased().empty(), "not read to its end");
  REQUIRE(spool->fresh(10));
  REQUIRE(spool->tend());
  CHECK_MESSAGE(spool->lowest_unreleased() == std::vector{second}, "the first segment was given back");
  spool.reset();
  rig.kill();
  const auto third = rig.accept(1, "three");
  spool = rig.open();
  const auto fresh = *spool->fresh(10);
  REQUIRE(fresh.size() == 2);
  REQUIRE(spool->defer(std::vector{Deferral{fresh[0].ref, {Rig::schedule(0)}, {}}}));
  REQUIRE(spool->tend());
  CHECK_MESSAGE(spool->lowest_unreleased() == std::vector{second}, "it can come again out of holding");
  REQUIRE(spool->settle(std::vector{Settlement{{second, 0, {}}, {{0, Outcome::Delivered, {}}}, {}}}));
  CHECK(spool->lowest_unreleased() == std::vector{third});
}
