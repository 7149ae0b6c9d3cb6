// What deliver tells auth of full mailboxes, and how soon it takes it back.
#include "services/delivery/quota_figures.h"

#include "io/test_folder.h"
#include "services/directory/test_directory.h"
#include "services/mailboxes/test_store.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

struct FiguresRig : mailboxes::Rig {
  io::TestFolder folder;
  directory::DirectoryRig people;
  std::string why;
  std::unique_ptr<directory::QuotaPage> page = directory::QuotaPage::open(folder / "quota-used", why);
  directory::QuotaReader reader{folder / "quota-used"};
  io::Loop loop;
  io::Workers workers{1, 8};
  directory::Account ann;
  std::unique_ptr<directory::Reader> directory;
  std::unique_ptr<QuotaFigures> figures;

  explicit FiguresRig(std::uint64_t octets, std::uint64_t messages = 0) {
    people.domain("a.example");
    ann.address = directory::at("ann@a.example");
    ann.quota_octets = octets;
    ann.quota_messages = messages;
    ann.id = *people.editor.add_account(ann, std::nullopt);
    account = ann.id;
    REQUIRE(boxes.create_account(account, mailboxes::soon()));
    directory = std::make_unique<directory::Reader>(people.engine, nullptr, "deliver");
    figures = std::make_unique<QuotaFigures>(QuotaFigures::Parts{loop, workers, boxes, *directory, *page, [] { return 100ULL; }});
  }
  void delivered() { figures->delivered(account, {ann.quota_octets, ann.quota_messages}); }
  std::optional<directory::QuotaUsed> known() { return reader.read(account, clock.now()); }
};

}  // namespace

TEST_CASE("quota figures: a nearly full mailbox is told of, one with room is not") {
  FiguresRig rig(1'000);
  REQUIRE(rig.figures->refresh());
  rig.append(std::string(900, 'x'));
  rig.delivered();
  CHECK(!rig.known());  // every message fits that reception would take
  rig.append("y");
  rig.delivered();
  CHECK(rig.known() == directory::QuotaUsed{901, 2});
  rig.figures->stop();
  CHECK(!rig.known());
  REQUIRE(rig.figures->refresh());  // one that was on its way
  CHECK(!rig.known());
}

TEST_CASE("quota figures: mail deleted by the owner is seen by the next look") {
  FiguresRig rig(1'000);
  const auto large = rig.append(std::string(800, 'x'));
  rig.append(std::string(200, 'x'));
  rig.delivered();
  REQUIRE(rig.figures->refresh());
  CHECK(rig.known() == directory::QuotaUsed{1'000, 2});
  REQUIRE(rig.boxes.expunge(rig.account, rig.box("INBOX"), std::span(&large, 1), mailboxes::Mailboxes::ExpungeOf::All, mailboxes::soon()));
  REQUIRE(rig.figures->refresh());
  CHECK(!rig.known());
}

TEST_CASE("quota figures: who waits for room is told of once there is enough of it") {
  FiguresRig rig(1'000);
  using Accounts = std::set<AccountId>;
  const auto large = rig.append(std::string(700, 'x')), small = rig.append(std::string(200, 'x'));
  const auto deletes = [&](const auto& uid) {
    REQUIRE(rig.boxes.expunge(rig.account, rig.box("INBOX"), std::span(&uid, 1), mailboxes::Mailboxes::ExpungeOf::All, mailboxes::soon()));
    REQUIRE(rig.figures->refresh());
  };
  REQUIRE(rig.figures->refresh());
  CHECK(rig.figures->take_with_room().empty());
  rig.figures->refused(rig.account, 900);
  rig.figures->refused(rig.account, 400);
  rig.figures->refused(rig.account, 500);
  REQUIRE(rig.figures->refresh());
  CHECK(rig.figures->take_with_room().empty());
  deletes(small);
  CHECK(rig.figures->take_with_room().empty());  // 300 octets
  deletes(large);
  CHECK(rig.figures->take_with_room() == Accounts{rig.account});
  REQUIRE(rig.figures->refresh());
  CHECK(rig.figures->take_with_room().empty());
  rig.figures->refused(rig.account, 1'001);
  REQUIRE(rig.figures->refresh());
  CHECK(rig.figures->take_with_room().empty());

  FiguresRig counted(0, 1);
  const auto only = counted.append("x");
  counted.figures->refused(counted.account, 5);
  REQUIRE(counted.figures->refresh());
  CHECK(counted.figures->take_with_room().empty());
  REQUIRE(counted.boxes.expunge(counted.account, counted.box("INBOX"), std::span(&only, 1), mailboxes::Mailboxes::ExpungeOf::All, mailboxes::soon()));
  REQUIRE(counted.figures->refresh());
  CHECK(counted.figures->take_with_room() == Accounts{counted.account});
}

TEST_CASE("quota figures: by number of messages, by an account without limits, by one that is gone") {
  FiguresRig rig(0, 2);
  REQUIRE(rig.figures->refresh());
  rig.append("x");
  rig.delivered();
  CHECK(!rig.known());
  rig.append("y");
  rig.delivered();
  CHECK(rig.known() == directory::QuotaUsed{2, 2});
  REQUIRE(rig.people.editor.remove_account("ann@a.example"));
  for (int look = 0; look < 500 && rig.known(); ++look) {  // until the reader has seen the removal
    std::this_thread::sleep_for(10ms);
    REQUIRE(rig.figures->refresh());
  }
  CHECK(!rig.known());

  FiguresRig free(0, 0);
  free.append(std::string(5'000, 'x'));
  REQUIRE(free.figures->refresh());
  free.delivered();
  CHECK(!free.known());
}
