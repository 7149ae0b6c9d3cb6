// What is done for an account, hour by hour, and that nothing is done where nothing is to do.
#include "services/delivery/account_care.h"

#include "services/mailboxes/test_store.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

struct CareRig {
  std::shared_ptr<storage::MemoryStore> disk = std::make_shared<storage::MemoryStore>();
  ManualClock clock;
  storage::MemoryEngine engine{disk, clock};
  mailboxes::Mailboxes boxes{engine, clock};
  AccountId account{7};
  AccountCare care{{.mailboxes = boxes, .clock = clock, .generated = {1, 0, 0, 0}, .is_over = [](const auto& ids, auto& over) {
                      over.assign(ids.size(), true);
                      return true;
                    }}};
  std::vector<TraceId> forget_below;
  storage::PartitionName partition{account_partition(account)};

  CareRig() { REQUIRE(boxes.create_account(account, later())); }
  Deadline later() { return clock.now() + 20s; }
  AccountCare::Tended tend() {
    clock.advance(1h);
    care.begin_round(forget_below);
    const auto tended = care.tend(account);
    REQUIRE_MESSAGE(tended, mailboxes::why(tended));
    return *tended;
  }
  // Until an hour passes in which nothing is done; how many it took.
  int hours_until_rest() {
    for (int hours = 0; hours < 100; ++hours)
      if (tend().what == AccountCare::What::Nothing) return hours;
    FAIL("never at rest");
    return 0;
  }
  void leave_orphan() { REQUIRE(engine.put_blobs(partition, {"orphan"}, storage::Durability::Flushed, later())); }
  void deliver(std::uint64_t sequence, std::uint16_t journal = 1) {
    const mailboxes::Delivery one{{.body = "text", .trace_id = {1, journal, 1, sequence}}, "a@x.example", ""};
    REQUIRE(boxes.deliver_group(account, {&one, 1}, {}, storage::Durability::Flushed, later()).front());
  }
  std::uint64_t cost_of_an_hour() {
    const auto before = engine.faults().calls();
    (void)tend();
    return engine.faults().calls() - before;
  }
};

}  // namespace

TEST_CASE("account care: an account nobody touched costs one look at its version") {
  CareRig rig;
  CHECK(rig.hours_until_rest() <= 3);
  for (int hour = 0; hour < 5; ++hour) CHECK(rig.cost_of_an_hour() == 1);
  rig.deliver(5);
  CHECK(rig.tend().what == AccountCare::What::Tended);
}

TEST_CASE("account care: expunged mail is collected when its time has come, though nobody touches the account again") {
  CareRig rig;
  rig.deliver(1);
  rig.hours_until_rest();
  const auto inbox = rig.boxes.find(rig.account, "INBOX", rig.later())->id;
  const std::vector all{mailboxes::Uid{1}};
  REQUIRE(rig.boxes.expunge(rig.account, inbox, std::span(all), mailboxes::Mailboxes::ExpungeOf::All, rig.later()));
  rig.clock.advance(-50min);
  CHECK(rig.tend().what == AccountCare::What::Tended);  // ten minutes later: too young
  CHECK(rig.disk->partitions.at(rig.partition.value()).blobs.size() == 1);
  CHECK(rig.tend().what == AccountCare::What::Tended);
  CHECK(rig.disk->partitions.at(rig.partition.value()).blobs.empty());
}

TEST_CASE("account care: notes of deliveries are forgotten as the line passes them, and cost nothing until then") {
  CareRig rig;
  rig.forget_below = {TraceId{1, 1, 1, 3}};
  rig.deliver(5);
  rig.hours_until_rest();
  rig.forget_below = {TraceId{1, 1, 1, 5}};
  CHECK(rig.tend().what == AccountCare::What::Nothing);
  rig.forget_below = {TraceId{1, 1, 1, 6}};
  CHECK(rig.tend().what == AccountCare::What::Tended);
  rig.forget_below = {TraceId{1, 1, 1, 900}};
  CHECK(rig.tend().what == AccountCare::What::Nothing);  // there is no note any more
  rig.forget_below.push_back(TraceId{1, 2, 1, 1});  // a journal nobody asked about before
  CHECK(rig.tend().what == AccountCare::What::Tended);
  rig.deliver(7, 0);  // mail of ours: whether it is over is asked each hour
  CHECK(rig.tend().what == AccountCare::What::Tended);
}

TEST_CASE("account care: orphans go an hour after a start, later ones within a day, young ones never") {
  CareRig rig;
  rig.leave_orphan();
  CHECK(rig.tend().orphans == 0);  // seen, and left alone for an hour
  rig.leave_orphan();
  CHECK(rig.tend().orphans == 1);
  rig.deliver(1);
  std::uint64_t found = 0;
  int hours = 0;
  for (; found == 0 && hours < 100; ++hours) found = rig.tend().orphans;
  CHECK(found == 1);
  CHECK(hours >= 24);
  CHECK(hours <= 27);
  CHECK(rig.disk->partitions.at(rig.partition.value()).blobs.size() == 1);
  rig.hours_until_rest();
}

TEST_CASE("account care: whatever call fails, the next hours finish") {
  for (std::uint64_t call = 0; call < 60; ++call) {
    CareRig rig;
    rig.deliver(1);
    rig.leave_orphan();
    (void)rig.tend();
    rig.engine.faults().at(call, storage::EngineFault::Timeout);
    rig.clock.advance(1h);
    rig.care.begin_round({});
    const auto tended = rig.care.tend(rig.account);
    while (rig.engine.faults().waiting() > 0) (void)rig.engine.faults().next();
    rig.hours_until_rest();
    CHECK(rig.disk->partitions.at(rig.partition.value()).blobs.size() == 1);
  }
}
