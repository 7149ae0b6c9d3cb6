// What deliver tells receive of mail on hold.
#include "services/delivery/held_figures.h"

#include "io/test_folder.h"
#include "services/delivery/schedule/scheduler.h"
#include "services/directory/test_directory.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

struct HeldRig {
  io::TestFolder folder;
  directory::DirectoryRig people;
  AccountId ann, bob;
  std::string why;
  std::unique_ptr<directory::QuotaPage> page = directory::QuotaPage::open(folder / "held-used", why);
  directory::QuotaReader reader{folder / "held-used"};
  io::Loop loop;
  io::Workers workers{1, 8};
  spool::Rig mail;
  std::unique_ptr<spool::Spool> spool;
  std::unique_ptr<directory::Reader> directory;
  std::unique_ptr<HeldFigures> figures;

  HeldRig() {
    people.domain("a.example");
    ann = people.add("ann@a.example");
    bob = people.add("bob@a.example");
    mail.accept(1, "it makes the journal");
    spool = mail.open();
    REQUIRE(spool->settle(std::vector{spool::Rig::delivered(spool->fresh(10)->at(0))}));
    directory = std::make_unique<directory::Reader>(people.engine, nullptr, "deliver");
    figures = std::make_unique<HeldFigures>(HeldFigures::Parts{loop, workers, *spool, *directory, *page});
  }
  TraceId hold(const std::string& account, const std::string& text, std::uint32_t recipients, std::string_view destination = release_key) {
    mail.account = account;
    const auto id = mail.accept(recipients, text);
    const auto fresh = spool->fresh(10);
    REQUIRE(fresh->size() == 1);
    spool::Deferral deferral{fresh->at(0).ref, {}, {}};
    for (std::uint32_t n = 0; n < recipients; ++n) {
      auto schedule = spool::Rig::schedule(n);
      schedule.destination = destination;
      schedule.attempts = 0;
      deferral.recipients.push_back(schedule);
    }
    REQUIRE(spool->defer(std::vector{deferral}));
    return id;
  }
  std::optional<directory::QuotaUsed> known(AccountId account) { return reader.read(account, SystemClock{}.now()); }
};

}  // namespace

TEST_CASE("held figures: each account's messages and octets, once a message, and only what waits for its release") {
  HeldRig rig;
  CHECK(!rig.reader.alive(SystemClock{}.now()));
  REQUIRE(rig.figures->refresh());
  CHECK(rig.reader.alive(SystemClock{}.now()));
  CHECK(!rig.known(rig.ann));
  rig.hold("ann@a.example", "twelve octet", 3);
  rig.hold("Ann@A.example", "ten octets", 1);
  rig.hold("bob@a.example", "x", 1);
  rig.hold("bob@a.example", "it waits for a host", 1, "host:b:25");
  rig.hold("", "from a listed network", 1);
  rig.hold("gone@a.example", "of nobody", 1);
  REQUIRE(rig.figures->refresh());
  CHECK(rig.known(rig.ann) == directory::QuotaUsed{22, 2});
  CHECK(rig.known(rig.bob) == directory::QuotaUsed{1, 1});
  rig.figures->stop();
  CHECK(!rig.known(rig.ann));
  REQUIRE(rig.figures->refresh());  // one that was on its way
  CHECK(!rig.known(rig.ann));
}

TEST_CASE("held figures: what is let go, or ended, counts no more") {
  HeldRig rig;
  const auto first = rig.hold("ann@a.example", "first", 2);
  rig.hold("ann@a.example", "second", 1);
  REQUIRE(rig.figures->refresh());
  CHECK(rig.known(rig.ann) == directory::QuotaUsed{11, 2});
  REQUIRE(rig.spool->settle(std::vector{spool::Settlement{{first, 0, {}}, {{0, spool::Outcome::Discarded, {}}}, {}}}));
  REQUIRE(rig.figures->refresh());
  CHECK(rig.known(rig.ann) == directory::QuotaUsed{11, 2});  // the other recipient waits still
  REQUIRE(rig.spool->defer(std::vector{spool::Deferral{{first, 0, {}}, {spool::Rig::schedule(1)}, {}}}));  // released, and tried
  REQUIRE(rig.figures->refresh());
  CHECK(rig.known(rig.ann) == directory::QuotaUsed{6, 1});
  for (const auto& one : rig.spool->find_deferred({}, 0, 10)->found)
    REQUIRE(rig.spool->settle(std::vector{spool::Settlement{{one.id, 0, {}}, {{one.schedule.recipient, spool::Outcome::Discarded, {}}}, {}}}));
  REQUIRE(rig.figures->refresh());
  CHECK(!rig.known(rig.ann));
}
