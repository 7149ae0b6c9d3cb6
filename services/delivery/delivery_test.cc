// The whole of delivery over a simulated disk and stores in memory, for what needs a certain moment, or damage at a certain place.
#include "services/delivery/delivery.h"

#include <doctest/doctest.h>

#include "services/delivery/test_busy_spool.h"
#include "services/directory/test_directory.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using namespace std::chrono_literals;

namespace {

constexpr Duration patience = 30s;  // with what happens within some milliseconds

// No mail here goes elsewhere.
class NoHosts final : public AddressLookup {
 public:
  Task<Result<std::vector<Candidate>, LookupFailure>> candidates(NextHop, Published) override {
    co_return failure(LookupFailure{FailureClass::NoAnswer, "4.4.3", "there are no hosts"});
  }
  Task<std::vector<std::string>> mail_hosts(std::string) override { co_return std::vector<std::string>{}; }
};

Task<io::Wake> soon(io::Loop& loop, Deadline deadline) {
  const auto woken = co_await loop.sleep_until(std::min(deadline, loop.after(20ms)));
  co_return woken;
}

// The machine's, and ahead of it by as much as a test says.
class AheadClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return machine_.wall() + ahead.load(); }
  [[nodiscard]] Instant now() const override { return machine_.now(); }
  std::atomic<std::chrono::microseconds> ahead{};

 private:
  SystemClock machine_;
};

// example.net with the postmaster ann, and bob.
struct World {
  World() {
    directory.domain("example.net");
    ann = directory.add("ann@example.net", directory::Enabled::Yes);
    bob = directory.add("bob@example.net");
    for (const auto account : {ann, bob}) REQUIRE(mailboxes.create_account(account, deadline()));
  }
  // What reception took before is there.
  void open() {
    disk = rig.open();
    spool = std::make_unique<BusySpool>(*disk);
  }
  static Deadline deadline() { return SystemClock{}.now() + 10s; }

  // Runs delivery until `task` has ended; then, with its loop, `after`.
  void run(const std::function<Task<void>(Delivery&, io::Loop&)>& task, const std::function<void(Delivery&)>& after = [](Delivery&) {}) {
    auto ledger = PauseLedger::open(rig.disk, "/spool/stopped", clock.wall());
    REQUIRE(ledger);
    const directory::Reader reader(directory.engine, nullptr, "test");
    while (!reader.newest()) std::this_thread::yield();
    io::Workers workers(4, 1'000);
    spool::SpoolFlusher flusher(*spool, [](const spool::SpoolError&) {});
    io::Loop loop;
    Delivery delivery({.loop = loop, .workers = workers, .spool = *spool, .flusher = flusher, .mailboxes = mailboxes, .directory = reader, .lookup = lookup, .ledger = *ledger,
                       .log = log, .clock = clock, .hostname = "mail.example.net"},
                      [] { return DeliverySettings{}; });
    delivery.start([&loop](Deadline latest) { return soon(loop, latest); });
    loop.spawn(task_then_stop(delivery, loop, task));
    loop.run();
    after(delivery);
  }
  static Task<void> task_then_stop(Delivery& delivery, io::Loop& loop, const std::function<Task<void>(Delivery&, io::Loop&)>& task) {
    auto doing = task(delivery, loop);
    co_await std::move(doing);
    auto stopping = delivery.stop(loop.after(10s));
    co_await std::move(stopping);
  }

  std::vector<std::string> texts(AccountId account) {
    std::vector<std::string> found;
    const auto inbox = mailboxes.find(account, "INBOX", deadline());
    REQUIRE(inbox);
    const auto snapshot = mailboxes.open(account, inbox->id, mailboxes::Mailboxes::RecentMessages::Leave, deadline());
    REQUIRE(snapshot);
    for (const auto& entry : snapshot->entries) {
      const auto record = mailboxes.message(account, inbox->id, entry.uid, deadline());
      REQUIRE(record);
      found.push_back(*mailboxes.read_body(account, *record, 0, record->octets, deadline()));
    }
    return found;
  }
  // A line of the log with all of these.
  bool logged(const std::vector<std::string>& parts) { return times_logged(parts) > 0; }
  std::size_t times_logged(const std::vector<std::string>& parts) {
    log.drain();
    std::size_t times = 0;
    const auto text = sink->text();
    for (std::size_t at = 0; at < text.size();) {
      const auto line = text.substr(at, text.find('\n', at) - at);
      if (std::ranges::all_of(parts, [&](const auto& part) { return line.find(part) != std::string::npos; })) ++times;
      at += line.size() + 1;
    }
    return times;
  }

  spool::Rig rig;
  AheadClock clock;
  directory::DirectoryRig directory;
  AccountId ann, bob;
  storage::MemoryEngine accounts;
  mailboxes::Mailboxes mailboxes{accounts, clock};
  NoHosts lookup;
  telemetry::MemorySink* sink = new telemetry::MemorySink;  // the log's
  telemetry::Log log{{.service = "test"}, std::unique_ptr<telemetry::LogSink>(sink), clock};
  std::unique_ptr<spool::Spool> disk;
  std::unique_ptr<BusySpool> spool;
};

Task<bool> until(io::Loop& loop, std::function<bool()> holds) {
  for (const auto end = loop.after(patience); loop.now() < end;) {
    if (holds()) co_return true;
    const auto woken = co_await loop.sleep_until(loop.after(10ms));
    if (woken == io::Wake::Cancelled) break;
  }
  co_return false;
}

#define EVENTUALLY(...)                                        \
  do {                                                         \
    auto waiting = until(loop, [&] { return (__VA_ARGS__); }); \
    const bool holds = co_await std::move(waiting);            \
    CHECK_MESSAGE(holds, #__VA_ARGS__);                        \
  } while (false)

spool::GeneratedMail mail_of_ours(std::uint64_t number, const std::vector<std::string>& recipients) {
  spool::GeneratedMail mail;
  mail.envelope.id = {1, 0, 0, number};
  for (const auto& local : recipients) mail.envelope.recipients.push_back({{local, "example.net"}, "", {.never = true}});
  mail.text = "Subject: of ours\r\n\r\na text\r\n";
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

void rot(io::SimulatedDisk& disk, const std::string& word) {
  for (const auto& name : *disk.list("/spool/holding")) {
    if (!name.starts_with("segment-")) continue;
    const auto content = io::read_file(disk, "/spool/holding/" + name, 64 << 20);
    REQUIRE(content);
    if (const auto at = content->find(word); at != std::string::npos) {
      REQUIRE(disk.damage("/spool/holding/" + name, at, 1));
      return;
    }
  }
  FAIL("no segment has it");
}

// As `queue hold --all` does.
std::vector<Touched> hold_all(spool::Spool& spool, std::uint64_t hold, WallTime now) {
  std::vector<Touched> all;
  for (std::optional<QueueCursor> from = first_of_all; from;) {
    auto page = act_on_queue(spool, {}, {QueueActionKind::Hold, directory::chosen_key(hold)}, *from, 10, {{"mail.example.net", 0, now, {}}});
    if (!page) break;
    std::ranges::move(page->touched, std::back_inserter(all));
    from = page->next;
  }
  return all;
}

// Of mail that was deferred and is an alias's now, a hold is given when what it becomes is about to be written.
Task<void> hold_meets_expansion(World& world, const TraceId& id, std::uint64_t hold, Delivery& delivery, io::Loop& loop) {
  EVENTUALLY(world.spool->times == 0);
  EVENTUALLY(delivery.scheduler().deferred().contains(directory::chosen_key(hold), {id, 0}));
  CHECK(world.texts(world.ann).empty());
  CHECK(world.texts(world.bob).empty());
  CHECK(world.disk->deferred(id).size() == 1);
  REQUIRE(world.directory.editor.release_hold(hold, world.clock.wall()));
  EVENTUALLY(world.texts(world.ann).size() == 1 && world.texts(world.bob).size() == 1);
  EVENTUALLY(world.disk->deferred(id).empty());
}

Task<void> lost_mail_is_told_of(World& world, const TraceId& id, Delivery&, io::Loop& loop) {
  EVENTUALLY(world.texts(world.ann).size() == 1);
  EVENTUALLY(!world.disk->in_holding(id));
}

Task<void> waited(io::Loop& loop) { co_await loop.yield(); }

Task<void> dead_letter_arrives(World& world, Delivery&, io::Loop& loop) { EVENTUALLY(world.texts(world.ann).size() == 1); }

}  // namespace

TEST_CASE("delivery: a hold that comes just before an alias's mails are written keeps them, and they are written when it is over") {
  World world;
  world.directory.alias("r0@example.net", {"ann@example.net", "bob@example.net"});
  const auto id = world.rig.accept(1, "Subject: for all\r\n\r\ntext\r\n");
  world.open();
  auto schedule = spool::Rig::schedule(0);
  schedule.first_failed = schedule.next_due = world.clock.wall() - 1min;
  const auto fresh = world.disk->fresh(10);
  REQUIRE(fresh);
  REQUIRE(world.disk->defer(std::vector{spool::Deferral{fresh->at(0).ref, {schedule}, {}}}));
  directory::Hold hold;
  hold.scope = directory::HoldScope::Chosen, hold.pattern = "--all", hold.reason = "wait", hold.owner = "suzuki", hold.start = world.clock.wall();
  const auto added = world.directory.editor.add_hold(hold, hold.start);
  REQUIRE_MESSAGE(added, directory::why(added));
  Delivery* running = nullptr;
  world.spool->times = 1;
  world.run([&](Delivery& delivery, io::Loop& loop) {
    running = &delivery;
    world.spool->meanwhile = [&world, &loop, &added, &running] {
      auto touched = hold_all(*world.disk, added->id, world.clock.wall());
      loop.post([&running, touched = std::move(touched)] { running->queue_changed(touched); });
    };
    return hold_meets_expansion(world, id, added->id, delivery, loop);
  });
  CHECK(world.texts(world.ann).size() == 1);
  CHECK(world.logged({"\"event\":\"mail.expanded\"", id.text()}));
}

TEST_CASE("delivery: a planned hold that begins between the last look and the end is told of once") {
  World world;
  world.open();
  directory::Hold hold;
  hold.scope = directory::HoldScope::All, hold.reason = "wait", hold.owner = "suzuki", hold.start = world.clock.wall() + 1h;
  REQUIRE(world.directory.editor.add_hold(hold, world.clock.wall()));
  const auto nothing = [](Delivery&, io::Loop& loop) { return waited(loop); };
  const std::vector<std::string> begins{"\"event\":\"queue.changed\"", "begins: all", "suzuki"};
  world.run(nothing, [&](Delivery& delivery) {
    CHECK(!world.logged(begins));
    world.clock.ahead = 2h;
    CHECK(delivery.ended());
  });
  CHECK(world.times_logged(begins) == 1);
  world.run(nothing);
  CHECK(world.times_logged(begins) == 1);
}

TEST_CASE("delivery: mail of ours whose envelope is damaged ends with one letter to the postmaster, and lines in the log") {
  World world;
  world.open();
  const auto mail = mail_of_ours(4711, {"first", "second"});
  REQUIRE(world.disk->generate({&mail, 1}));
  rot(world.rig.disk, "second");
  world.run([&](Delivery& delivery, io::Loop& loop) { return lost_mail_is_told_of(world, mail.envelope.id, delivery, loop); });
  const auto letters = world.texts(world.ann);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].find("Mail lost to a damaged disk: " + mail.envelope.id.text()) != std::string::npos);
  CHECK(letters[0].find("Recipients still to be served: 2.") != std::string::npos);
  const auto id = "\"message\":\"" + mail.envelope.id.text() + "\"";
  CHECK(world.logged({"\"event\":\"storage.trouble\"", id}));
  CHECK(world.logged({"\"event\":\"mail.failed\"", id}));
  CHECK(world.logged({"\"event\":\"mail.generated\"", "\"parent\":\"" + mail.envelope.id.text() + "\"", "\"text\":\"dead letter\"", "ann@example.net"}));
}

TEST_CASE("delivery: a notification of ours that nobody takes goes to the postmaster, with a line that names whose dead letter it is") {
  World world;
  world.open();
  const auto mail = mail_of_ours(4712, {"nobody"});
  REQUIRE(world.disk->generate({&mail, 1}));
  world.run([&](Delivery& delivery, io::Loop& loop) { return dead_letter_arrives(world, delivery, loop); });
  const auto letters = world.texts(world.ann);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].find("Subject: of ours") != std::string::npos);
  CHECK(world.logged({"\"event\":\"mail.failed\"", mail.envelope.id.text(), "nobody@example.net"}));
  CHECK(world.logged({"\"event\":\"mail.generated\"", "\"parent\":\"" + mail.envelope.id.text() + "\"", "\"text\":\"dead letter\"", "ann@example.net"}));
}
