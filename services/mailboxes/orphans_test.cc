// Bodies without a record go, and no other ever does.
#include "services/mailboxes/test_store.h"

using namespace hikyaku;
using namespace hikyaku::mailboxes;

namespace {

const storage::BlobMark beginning;

struct OrphanRig : Rig {
  OrphanRig() { REQUIRE(boxes.create_account(account, soon())); }
  // What a process leaves that dies between the body and the record.
  void leave_orphan(std::string_view body = "orphan") { REQUIRE(engine.put_blobs(storage::PartitionName(account_partition(account)), {body}, storage::Durability::Flushed, soon())); }
  std::size_t bodies() { return engine.list_blobs(storage::PartitionName(account_partition(account)), beginning, mark(), 1'000, soon())->blobs.size(); }
  storage::BlobMark mark() { return *boxes.body_mark(account, soon()); }
};

}  // namespace

TEST_CASE("orphans: what no record names is collected; live, shared, expunged and copied bodies stay") {
  OrphanRig rig;
  const auto inbox = rig.box("INBOX");
  const auto one = rig.append("one"), two = rig.append("two"), three = rig.append("three");
  rig.leave_orphan();
  REQUIRE(rig.boxes.copy(rig.account, inbox, std::vector{one}, rig.box("Archive"), {}, soon()));
  REQUIRE(rig.boxes.expunge(rig.account, inbox, std::span(&two, 1), Mailboxes::ExpungeOf::All, soon()));
  rig.leave_orphan();
  const auto until = rig.mark();
  rig.leave_orphan("younger than the mark: its record may still come");
  const auto collected = rig.boxes.collect_orphans(rig.account, beginning, until, soon());
  REQUIRE_MESSAGE(collected, why(collected));
  CHECK(collected->bodies == 2);
  CHECK(!collected->more);
  CHECK(rig.bodies() == 4);
  CHECK(rig.body("INBOX", one) == "one");
  CHECK(rig.body("INBOX", two) == "two");  // expunged lately: another session may still read it
  CHECK(rig.body("INBOX", three) == "three");
  rig.check_consistent();
  CHECK(rig.boxes.collect_orphans(rig.account, beginning, until, soon())->bodies == 0);
  CHECK(rig.boxes.collect_orphans(rig.account, beginning, rig.mark(), soon())->bodies == 1);
}

TEST_CASE("orphans: an append whose commit never came leaves one, which goes") {
  OrphanRig rig;
  rig.append("kept");
  const auto inbox = rig.box("INBOX");
  for (std::uint64_t call = 0;; ++call) {  // every call of the append goes wrong once, as when its process dies there
    rig.engine.faults().at(call, storage::EngineFault::Timeout);
    const NewMessage message{.body = "appended"};
    const auto done = rig.boxes.append(rig.account, inbox, {&message, 1}, {}, soon());
    if (done && rig.engine.faults().waiting() > 0) break;
    while (rig.engine.faults().waiting() > 0) (void)rig.engine.faults().next();
  }
  while (rig.engine.faults().waiting() > 0) (void)rig.engine.faults().next();
  REQUIRE(rig.boxes.collect_orphans(rig.account, beginning, rig.mark(), soon()));
  CHECK(rig.bodies() == rig.uids("INBOX").size());
  rig.check_consistent();
}

TEST_CASE("orphans: whatever call of the search fails, nothing named is lost, and the next one finishes") {
  for (const auto fault : {storage::EngineFault::Timeout, storage::EngineFault::OutcomeLost, storage::EngineFault::NoSpace}) {
    for (std::uint64_t call = 0; call < 40; ++call) {
      OrphanRig rig;
      const auto one = rig.append("one");
      rig.leave_orphan();
      rig.leave_orphan("another");
      const auto until = rig.mark();
      rig.engine.faults().at(call, fault);
      (void)rig.boxes.collect_orphans(rig.account, beginning, until, soon());
      while (rig.engine.faults().waiting() > 0) (void)rig.engine.faults().next();
      CHECK(rig.body("INBOX", one) == "one");
      REQUIRE(rig.boxes.collect_orphans(rig.account, beginning, until, soon()));
      CHECK(rig.bodies() == 1);
      rig.check_consistent();
    }
  }
}

TEST_CASE("orphans: a record that cannot be read keeps every body") {
  OrphanRig rig;
  rig.append("one");
  rig.leave_orphan();
  const std::string key = "m" + std::string(8, '\x7f');
  REQUIRE(rig.engine.commit(storage::PartitionName(account_partition(rig.account)), {.changes = {storage::Put{key, "damaged"}}}, storage::Durability::Flushed, soon()));
  CHECK(fails(rig.boxes.collect_orphans(rig.account, beginning, rig.mark(), soon()), MailboxFailure::Broken));
  CHECK(rig.bodies() == 2);
}
