#include "services/policy/lines_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "io/simulated_disk.h"

using namespace hikyaku;
using namespace hikyaku::policy;

namespace {

// A memory of numbers.
struct Owner {
  explicit Owner(io::Disk& disk) : file(disk, "/folder/numbers", "numbers 1") {}
  void learn(int number, std::size_t octets = 0) {
    const std::lock_guard locked(lock);
    numbers[number] = octets;
    file.learned(line(number, octets));
  }
  io::DiskResult<> save() {
    std::optional<int> after;
    return file.save(lock, [&](std::string& to) { return add_some(to, numbers, after, [](const auto& one) { return line(one.first, one.second); }); });
  }
  static std::string line(int number, std::size_t octets) { return std::to_string(number) + std::string(octets, ' ') + '\n'; }

  std::mutex lock;
  std::map<int, std::size_t> numbers;
  LinesFile file;
};

struct World {
  World() {
    REQUIRE(disk.make_folder("/folder"));
    REQUIRE(disk.sync_folder("/"));
  }
  std::string text() { return io::read_file(disk, "/folder/numbers", 1ULL << 30).value_or(""); }
  io::SimulatedDisk disk;
};

}  // namespace

TEST_CASE("what was learned is appended, and nothing is written when nothing was") {
  World world;
  Owner owner(world.disk);
  CHECK(owner.file.read().error().kind == io::DiskFailure::NotFound);
  REQUIRE(owner.save());
  CHECK(owner.file.read().error().kind == io::DiskFailure::NotFound);
  owner.learn(1);
  REQUIRE(owner.save());
  owner.learn(2), owner.learn(1);
  REQUIRE(owner.save());
  CHECK(world.text() == "numbers 1\n1\n2\n1\n");
}

TEST_CASE("a new life writes all of it anew, and so does one whose file has doubled") {
  World world;
  {
    Owner owner(world.disk);
    for (int i = 0; i < 5; ++i) {
      owner.learn(7);
      REQUIRE(owner.save());
    }
    CHECK(world.text() == "numbers 1\n7\n7\n7\n7\n7\n");
  }
  Owner owner(world.disk);
  for (int i = 0; i < 2'500; ++i) owner.learn(i, 1'000);  // more than one lock's
  REQUIRE(owner.save());
  const auto size = world.text().size();
  CHECK(std::ranges::count(world.text(), '\n') == 2'501);
  for (int i = 0; i < 1'200; ++i) owner.learn(1, 1'000);
  REQUIRE(owner.save());
  CHECK(world.text().size() > size);
  for (int i = 0; i < 1'400; ++i) owner.learn(1, 1'000);
  REQUIRE(owner.save());
  CHECK(world.text().size() == size);
}

TEST_CASE("what the disk did not take is written when it does, all of it") {
  using Call = io::DiskCall;
  for (const auto call : {Call::Write, Call::Flush, Call::Rename, Call::Open, Call::SyncFolder}) {
    World world;
    Owner owner(world.disk);
    owner.learn(1);
    world.disk.fail(call, 1, io::DiskFailure::Broken);
    CHECK_FALSE(owner.save());
    REQUIRE(owner.save());  // nothing more was learned
    CHECK(world.text() == "numbers 1\n1\n");
    owner.learn(2);
    world.disk.fail(Call::Write, 1, io::DiskFailure::NoSpace);
    CHECK_FALSE(owner.save());
    owner.learn(3);
    REQUIRE(owner.save());
    CHECK(world.text() == "numbers 1\n1\n2\n3\n");
  }
}

TEST_CASE("a disk that stands still costs memory up to a bound, and no line") {
  World world;
  Owner owner(world.disk);
  owner.learn(0);
  REQUIRE(owner.save());
  constexpr int lines = 30;
  for (int i = 1; i <= lines; ++i) owner.learn(i, LinesFile::most_waiting_octets / 10);
  REQUIRE(owner.save());
  CHECK(std::ranges::count(world.text(), '\n') == lines + 2);
  owner.learn(1, LinesFile::most_waiting_octets);  // it waits for nobody
  owner.learn(2);
  REQUIRE(owner.save());
  CHECK(std::ranges::count(world.text(), '\n') == lines + 2);
}
