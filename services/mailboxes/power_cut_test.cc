// Mailboxes over the embedded engine on a disk that loses power at a random call: nothing acknowledged as durable is
// lost, no UID ever names two messages, and the index agrees with itself afterwards.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "io/simulated_disk.h"
#include "services/mailboxes/test_store.h"
#include "storage/sqlite_engine.h"

using namespace hikyaku;
using namespace hikyaku::mailboxes;

namespace {

const AccountId account{5};

std::unique_ptr<storage::SqliteEngine> open_engine(io::Disk& disk) {
  storage::SqliteOptions options;
  options.sharing = storage::Sharing::ThisProcess;
  options.close_when_unused_for = {};
  options.checkpoint_frames = 20;
  options.pack_octets = 16 << 10;
  auto engine = storage::SqliteEngine::open(disk, "/accounts", options);
  return engine ? std::move(*engine) : nullptr;
}

class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed), disk_({seed}) {}

  void run(int boots) {
    for (int boot = 0; boot < boots; ++boot) {
      if (auto engine = open_engine(disk_)) {
        Mailboxes boxes(*engine, clock_, {.boot_id = "boot " + std::to_string(boot)});
        REQUIRE(boxes.create_account(account, soon()));
        verify(*engine, boxes);
        redeliver(boxes);
        disk_.stop_after(20 + random_() % 400);
        for (int i = 0; i < 60 && !disk_.stopped(); ++i) step(boxes);
      }
      disk_.cut();
    }
    auto engine = open_engine(disk_);
    REQUIRE(engine);
    Mailboxes boxes(*engine, clock_, {.boot_id = "last boot"});
    verify(*engine, boxes);
    redeliver(boxes);
    REQUIRE(boxes.flush(account, soon()));
    for (const auto& [sequence, body] : waiting_) CHECK(is_there(boxes, body));
    no_orphan_stays(*engine, boxes);
  }

 private:
  std::string new_body() { return "body " + std::to_string(++bodies_) + std::string(random_() % 3'000, 'x'); }

  // A client saw this UID: from now on it may name nothing else.
  void seen(UidValidity validity, Uid uid, const std::string& body) {
    const auto [entry, is_new] = named_.try_emplace({validity.value(), uid.value()}, body);
    CHECK_MESSAGE((is_new || entry->second == body), "uid " << uid.value() << " was given twice");
  }

  void step(Mailboxes& boxes) {
    const auto inbox = boxes.find(account, "INBOX", soon());
    if (!inbox) return;
    switch (random_() % 7) {
      case 3: return collect(boxes);
      case 0: {
        const auto body = new_body();
        const NewMessage message{.body = body};
        const auto done = boxes.append(account, inbox->id, {&message, 1}, {}, soon());
        if (!done) return;
        seen(inbox->uid_validity, done->front().uid, body);
        durable_.push_back(body);
        break;
      }
      case 1: {
        if (!boxes.flush(account, soon())) return;
        for (auto& [sequence, body] : waiting_) durable_.push_back(std::move(body));
        waiting_.clear();
        break;
      }
      case 2: {
        std::vector<Uid> uids;
        if (!named_.empty()) uids.emplace_back(std::next(named_.begin(), static_cast<std::ptrdiff_t>(random_() % named_.size()))->first.second);
        (void)boxes.store_flags(account, inbox->id, uids, {FlagOperation::Add, {static_cast<std::uint8_t>(1 << random_() % 3), {}}}, soon());
        break;
      }
      default: {
        const auto sequence = ++sequence_;
        const auto body = new_body();
        waiting_.emplace(sequence, body);  // the journal has it: it may be delivered as often as needed
        deliver(boxes, inbox->uid_validity, sequence, body);
      }
    }
  }

  // Up to where the last one saw them, as an hourly tour does.
  void collect(Mailboxes& boxes) {
    if (searched_until_) (void)boxes.collect_orphans(account, storage::BlobMark{}, *searched_until_, soon());
    if (auto mark = boxes.body_mark(account, soon())) searched_until_ = std::move(*mark);
  }

  void no_orphan_stays(storage::Engine& engine, Mailboxes& boxes) {
    const auto mark = boxes.body_mark(account, soon());
    REQUIRE(mark);
    REQUIRE(boxes.collect_orphans(account, storage::BlobMark{}, *mark, soon()));
    const auto left = engine.list_blobs(storage::PartitionName(account_partition(account)), storage::BlobMark{}, *mark, 100'000, soon());
    REQUIRE(left);
    const auto inbox = boxes.find(account, "INBOX", soon());
    std::size_t named = 0;
    for (const auto& record : *boxes.messages(account, inbox->id, Uid{1}, Uid{0xffffffff}, 10'000, soon()))
      named += engine.verify_blob(storage::PartitionName(account_partition(account)), record.blob, soon()) ? 1 : 0;
    // One that a cut tore stays: nobody knows what stands in the place it claims.
    const auto whole = std::ranges::count_if(left->blobs, [&](const auto& blob) {
      return engine.verify_blob(storage::PartitionName(account_partition(account)), blob, soon()).has_value();
    });
    CHECK(static_cast<std::size_t>(whole) == named);
    verify(engine, boxes);
  }

  void deliver(Mailboxes& boxes, UidValidity validity, std::uint64_t sequence, const std::string& body) {
    const Delivery delivery{{.body = body, .trace_id = {.node = 1, .journal = 1, .owner = 1, .sequence = sequence}}, "a@x.example", ""};
    const auto done = boxes.deliver_group(account, {&delivery, 1}, {}, storage::Durability::Lazy, soon());
    if (done.front()) seen(validity, done.front()->uid, body);
  }

  void redeliver(Mailboxes& boxes) {
    const auto inbox = boxes.find(account, "INBOX", soon());
    REQUIRE(inbox);
    // In another order than before, or what was lost would get its old numbers back by chance.
    for (auto one = waiting_.rbegin(); one != waiting_.rend(); ++one) deliver(boxes, inbox->uid_validity, one->first, one->second);
  }

  bool is_there(Mailboxes& boxes, const std::string& body) {
    const auto inbox = boxes.find(account, "INBOX", soon());
    const auto records = boxes.messages(account, inbox->id, Uid{1}, Uid{0xffffffff}, 10'000, soon());
    for (const auto& record : *records) {
      const auto text = boxes.read_body(account, record, 0, record.octets, soon());
      if (text && *text == body) return true;
    }
    return false;
  }

  void verify(storage::Engine& engine, Mailboxes& boxes) {
    const auto problems = check_account(engine, account, Bodies::Skip, soon());
    REQUIRE_MESSAGE(problems, why(problems));
    for (const auto& problem : *problems) FAIL_CHECK(problem);
    const auto inbox = boxes.find(account, "INBOX", soon());
    REQUIRE(inbox);
    std::multiset<std::string> there;
    const auto records = boxes.messages(account, inbox->id, Uid{1}, Uid{0xffffffff}, 10'000, soon());
    REQUIRE(records);
    for (const auto& record : *records) {
      const auto text = boxes.read_body(account, record, 0, record.octets, soon());
      if (!text) continue;  // a lazy delivery's body: redeliver() puts it back
      there.insert(*text);
      seen(inbox->uid_validity, record.uid, *text);
    }
    for (const auto& body : durable_) CHECK_MESSAGE(there.contains(body), body.substr(0, 12) << " was acknowledged and is lost");
    for (const auto& body : there) CHECK_MESSAGE(there.count(body) == 1, body.substr(0, 12) << " is there twice");
  }

  std::mt19937_64 random_;
  io::SimulatedDisk disk_;
  SystemClock clock_;
  int bodies_ = 0;
  std::optional<storage::BlobMark> searched_until_;  // of this boot or an earlier one
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> named_;  // (UIDVALIDITY, UID) -> what a client saw
  std::vector<std::string> durable_;
  std::map<std::uint64_t, std::string> waiting_;  // in the journal, not yet flushed in the mailbox
};

}  // namespace

TEST_CASE("power cuts lose nothing acknowledged and give no UID twice") {
  const char* text = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  const int seeds = text == nullptr ? 10 : std::atoi(text);
  for (int seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Life(static_cast<std::uint64_t>(seed)).run(4);
  }
}
