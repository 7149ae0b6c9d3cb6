#include "services/escrow/keeper.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/escrow/intake.h"

using namespace hikyaku;
using namespace hikyaku::escrow;
using Known = Intake::Known;

namespace {

std::string mark_of(char which) { return std::string(64, which); }

quarantine::Source source_of(std::string text) {
  return [text = std::move(text)](const quarantine::To& to) { return to(text); };
}

// Reception and its keeper, over one folder.
struct World {
  World() {
    for (const auto* inside : {"/e/drop", "/e/known"}) REQUIRE(disk.make_folder(inside));
    look();
    intake.refresh(now);
  }

  void look(Keeper::Keys keys = Keeper::Keys::MakeThem) {
    REQUIRE(keeper.look(limits, keys, now, [this](const quarantine::Entry& entry, Gone why) { gone.emplace_back(entry.envelope.id.sequence, why); }));
  }
  // What reception and the keeper do within some seconds.
  void go_on(std::chrono::seconds time = std::chrono::seconds{20}) {
    look();
    now += time;
    intake.refresh(now);
  }
  bool keep(std::uint64_t number, char mark, const std::string& text = "the text", const std::string& client = "192.0.2.1") {
    quarantine::Entry entry;
    entry.envelope.id = {1, 1, 1, number};
    entry.envelope.reverse_path.address = {"a", "b.example"};
    entry.envelope.recipients.push_back({{"c", "d.example"}, "", {}});
    entry.envelope.client_address = client;
    entry.envelope.body_octets = text.size();
    entry.why = "greylist: first try";
    entry.taken = now;
    entry.mark = mark_of(mark);
    return intake.keep(entry, source_of(text), now).has_value();
  }
  std::vector<std::uint64_t> kept() {
    std::vector<std::uint64_t> numbers;
    const auto contents = keeper.store().list();
    REQUIRE(contents);
    for (const auto& entry : contents->entries) numbers.push_back(entry.envelope.id.sequence);
    return numbers;
  }
  std::optional<std::string> text(std::uint64_t number) {
    std::string out;
    const auto read = keeper.read({1, 1, 1, number}, [&](std::string_view piece) -> spool::SpoolResult<> { return out += piece, spool::SpoolResult<>{}; });
    return read ? std::optional(out) : std::nullopt;
  }

  io::SimulatedDisk disk{{.seed = 1}};
  Limits limits{.age = std::chrono::hours{24}, .octets = 1 << 20};
  WallTime now{std::chrono::hours{24 * 365 * 50}};
  Keeper keeper{disk, "/e"};
  Intake intake{disk, "/e", 0};
  std::vector<std::pair<std::uint64_t, Gone>> gone;
};

}  // namespace

TEST_CASE("escrow: a copy is kept once, and opens with the keeper's key") {
  World world;
  CHECK_FALSE(world.intake.knows_any());
  REQUIRE(world.keep(1, 'a', "Subject: the secret of the shop\r\n\r\n"));
  CHECK(world.intake.find(mark_of('a')) == Known::Kept);  // before the keeper has it
  CHECK(world.intake.copy_of(mark_of('a')) == TraceId{1, 1, 1, 1});
  REQUIRE(world.keep(2, 'a'));
  world.go_on();
  REQUIRE(world.keep(3, 'a'));
  REQUIRE(world.keep(4, 'b'));
  world.go_on();
  CHECK(world.kept() == std::vector<std::uint64_t>{1, 4});
  CHECK(world.intake.find(mark_of('b')) == Known::Kept);
  CHECK(world.intake.find(mark_of('c')) == Known::No);
  CHECK(world.intake.copy_of(mark_of('a')) == TraceId{1, 1, 1, 1});
  CHECK(world.text(1) == "Subject: the secret of the shop\r\n\r\n");
  const auto file = io::read_file(world.disk, "/e/" + TraceId{1, 1, 1, 1}.text());
  REQUIRE(file);
  CHECK(file->find("secret of the shop") == std::string::npos);
  CHECK_FALSE(world.text(9));
}

TEST_CASE("escrow: of two that two processes left the first stays") {
  World world;
  Intake other(world.disk, "/e", 0);
  other.refresh(world.now);
  REQUIRE(world.keep(1, 'a'));
  quarantine::Entry entry;
  entry.envelope.id = {1, 1, 1, 2};
  entry.envelope.recipients.push_back({{"c", "d.example"}, "", {}});
  entry.envelope.body_octets = 1;
  entry.taken = world.now;
  entry.mark = mark_of('a');
  REQUIRE(other.keep(entry, source_of("x"), world.now));
  world.go_on();
  CHECK(world.kept() == std::vector<std::uint64_t>{1});
}

TEST_CASE("escrow: it goes when its mail was taken, after its age, and by command") {
  World world;
  REQUIRE(world.keep(1, 'a'));
  REQUIRE(world.keep(2, 'b'));
  world.go_on();
  REQUIRE(world.keep(3, 'c'));
  world.intake.passed(mark_of('a'));
  world.intake.passed(mark_of('c'));  // before the keeper has its copy
  world.intake.passed(mark_of('d'));  // of none
  CHECK(world.intake.find(mark_of('a')) == Known::No);
  world.go_on();
  CHECK(world.kept() == std::vector<std::uint64_t>{2});
  CHECK(world.gone == std::vector<std::pair<std::uint64_t, Gone>>{{1, Gone::Passed}, {3, Gone::Passed}});
  CHECK(world.disk.list("/e/drop")->empty());
  CHECK(world.intake.find(mark_of('a')) == Known::No);
  world.now += std::chrono::hours{24};
  world.go_on();
  CHECK(world.kept().empty());
  CHECK(world.gone.back() == std::pair{std::uint64_t{2}, Gone::TooOld});
  CHECK_FALSE(world.intake.knows_any());
  REQUIRE(world.keep(5, 'e'));
  world.go_on();
  REQUIRE(world.keeper.store().remove({1, 1, 1, 5}));
  world.go_on();
  CHECK(world.intake.find(mark_of('e')) == Known::No);
  CHECK(world.gone.size() == 3);
}

TEST_CASE("escrow: what was released is known until its age, and no copy of it is kept") {
  World world;
  REQUIRE(world.keep(1, 'a'));
  world.go_on();
  REQUIRE(world.keeper.store().remove({1, 1, 1, 1}));
  REQUIRE(world.keeper.note_released(mark_of('a'), {world.now, "a@b.example", "c@d.example"}));
  REQUIRE(world.keeper.note_released("../secret-key", {world.now, "", ""}));  // no mark
  world.go_on();
  CHECK(world.intake.find(mark_of('a')) == Known::Released);
  REQUIRE(world.keep(2, 'a'));
  world.go_on();
  CHECK(world.kept().empty());
  // Over a restart of either side.
  Keeper later(world.disk, "/e");
  REQUIRE(later.look(world.limits, Keeper::Keys::UseThem, world.now, [](const quarantine::Entry&, Gone) {}));
  Intake again(world.disk, "/e", 0);
  again.refresh(world.now);
  CHECK(again.find(mark_of('a')) == Known::Released);
  world.now += std::chrono::hours{24};
  world.go_on();
  CHECK(world.intake.find(mark_of('a')) == Known::Released);  // the ledger may ask for it
  world.now += released_for;
  world.go_on();
  CHECK(world.intake.find(mark_of('a')) == Known::No);
  CHECK(world.disk.list("/e/released")->empty());
}

TEST_CASE("escrow: what is too much makes room, oldest first; one network fills it for nobody") {
  World world;
  world.limits.copies = 3;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    REQUIRE(world.keep(n, static_cast<char>('0' + n)));
    world.go_on(std::chrono::seconds{1});
  }
  CHECK(world.kept() == std::vector<std::uint64_t>{3, 4, 5});
  world.limits.octets = 4'000;
  REQUIRE(world.keep(6, 'a', std::string(3'700, 'x')));
  world.go_on();
  CHECK(world.kept() == std::vector<std::uint64_t>{5, 6});
  CHECK(world.gone.back().second == Gone::MadeRoom);

  World other;
  other.limits.of_network = 2;
  REQUIRE(other.keep(1, '1', "x", "198.51.100.1"));
  for (std::uint64_t n = 2; n <= 5; ++n) {
    other.now += std::chrono::seconds{1};
    REQUIRE(other.keep(n, static_cast<char>('0' + n), "x", "192.0.2." + std::to_string(n)));
  }
  other.go_on();
  CHECK(other.kept() == std::vector<std::uint64_t>{1, 4, 5});
}

TEST_CASE("escrow: without a keeper so much waits and no more") {
  World world;
  std::size_t kept = 0;
  for (std::uint64_t n = 0; n < Intake::most_waiting + 10; ++n) {
    quarantine::Entry entry;
    entry.envelope.id = {1, 1, 1, n + 1};
    entry.envelope.recipients.push_back({{"c", "d.example"}, "", {}});
    auto number = std::to_string(n);
    entry.mark = std::string(64 - number.size(), '0') + number;
    kept += world.intake.keep(entry, source_of(""), world.now).has_value() ? 1 : 0;
  }
  CHECK(kept == Intake::most_waiting);
  CHECK_FALSE(world.intake.has_room());
  world.go_on();
  CHECK(world.intake.has_room());
}

TEST_CASE("escrow: without keys there are no copies; a key that is none is told of and stays") {
  World world;
  Keeper nobody(world.disk, "/other");
  REQUIRE(nobody.look(world.limits, Keeper::Keys::UseThem, world.now, [](const quarantine::Entry&, Gone) {}));
  CHECK_FALSE(world.disk.info("/other"));
  Intake intake(world.disk, "/other", 0);
  intake.refresh(world.now);
  CHECK_FALSE(intake.has_room());
  REQUIRE(io::replace_file(world.disk, "/e/secret-key", "what?\n"));
  Keeper later(world.disk, "/e");
  const auto looked = later.look(world.limits, Keeper::Keys::MakeThem, world.now, [](const quarantine::Entry&, Gone) {});
  REQUIRE_FALSE(looked);
  CHECK(looked.error().what.find("secret-key holds no key") != std::string::npos);
  CHECK(*io::read_file(world.disk, "/e/secret-key") == "what?\n");
}

TEST_CASE("escrow: a disk that fails or has no room to spare keeps no copy, and the next try may") {
  World world;
  Intake careful(world.disk, "/e", 1ULL << 60);
  careful.refresh(world.now);
  quarantine::Entry entry;
  entry.envelope.id = {1, 1, 1, 1};
  entry.envelope.recipients.push_back({{"c", "d.example"}, "", {}});
  entry.mark = mark_of('a');
  world.disk.set_capacity(1ULL << 40);
  CHECK(careful.keep(entry, source_of(""), world.now).error().kind == spool::SpoolFailure::NoSpace);
  CHECK(careful.find(entry.mark) == Known::No);
  world.disk.fail(io::DiskCall::Flush, 1, io::DiskFailure::Broken);
  CHECK_FALSE(world.keep(2, 'a'));
  CHECK(world.intake.find(mark_of('a')) == Known::No);
  REQUIRE(world.keep(3, 'a'));
  world.go_on();
  CHECK(world.kept() == std::vector<std::uint64_t>{3});
  // What was begun and never whole goes when nobody can be writing it any more.
  CHECK_FALSE(world.disk.list("/e/drop")->empty());
  world.now += std::chrono::hours{2};
  world.look();
  world.now += std::chrono::hours{2};
  world.look();
  CHECK(world.disk.list("/e/drop")->empty());
}
