#include "io/simulated_disk.h"

#include <doctest/doctest.h>

#include <set>

using namespace hikyaku::io;

namespace {
std::unique_ptr<File> open(Disk& disk, std::string_view path, OpenMode mode = OpenMode::Create) {
  auto file = disk.open(path, mode);
  REQUIRE(file);
  return std::move(*file);
}

std::string content(Disk& disk, std::string_view path) {
  auto file = disk.open(path, OpenMode::Read);
  if (!file) return "(missing)";
  std::string out(*(*file)->size(), '\0');
  out.resize(*(*file)->read_at(0, out));
  return out;
}
}  // namespace

TEST_CASE("simulated disk: what was flushed and synced survives every cut") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimulatedDisk disk({.seed = seed});
    REQUIRE(disk.make_folder("/spool/in"));
    REQUIRE(disk.sync_folder("/"));
    REQUIRE(disk.sync_folder("/spool"));
    auto file = open(disk, "/spool/in/a");
    REQUIRE(file->write_at(0, std::string(3000, 'a')));
    REQUIRE(file->flush());
    REQUIRE(disk.sync_folder("/spool/in/"));
    disk.cut();
    CHECK(content(disk, "/spool/in/a") == std::string(3000, 'a'));
    CHECK_MESSAGE(!file->flush(), "a file opened before the cut must be dead");
  }
}

TEST_CASE("simulated disk: unflushed sectors are old, new or noise, and every fate happens") {
  bool all_old = false, all_new = false, mixed = false, noisy = false, neighbour_lost = false;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SimulatedDisk disk({.seed = seed});
    auto file = open(disk, "a");
    REQUIRE(file->write_at(0, std::string(4096, 'o')));
    REQUIRE(file->flush());
    REQUIRE(disk.sync_folder(""));
    REQUIRE(file->write_at(1000, std::string(2000, 'n')));
    disk.cut();
    const auto after = content(disk, "a");
    REQUIRE(after.size() == 4096);
    CHECK_MESSAGE(after.substr(0, 512) == std::string(512, 'o'), "a sector nobody touched changed");
    CHECK(after.substr(3072) == std::string(1024, 'o'));
    const auto fresh = std::ranges::count(after, 'n');
    const auto old = std::ranges::count(after, 'o');
    all_old |= old == 4096;
    all_new |= fresh == 2000 && old == 2096;
    mixed |= fresh >= 400 && old >= 2400 && fresh < 2000;
    noisy |= fresh + old < 4000;
    neighbour_lost |= after.substr(512, 400) != std::string(400, 'o');
  }
  CHECK(all_old);
  CHECK(all_new);
  CHECK(mixed);
  CHECK(noisy);
  CHECK(neighbour_lost);
}

TEST_CASE("simulated disk: milder tearing leaves the neighbours in the sector alone") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SimulatedDisk disk({.seed = seed, .torn = TornSector::WrittenNoise});
    auto file = open(disk, "a");
    REQUIRE(file->write_at(0, std::string(4096, 'o')));
    REQUIRE(file->flush());
    REQUIRE(disk.sync_folder(""));
    REQUIRE(file->write_at(1000, std::string(2000, 'n')));
    disk.cut();
    CHECK(content(disk, "a").substr(0, 1000) == std::string(1000, 'o'));
    CHECK(content(disk, "a").substr(3000) == std::string(1096, 'o'));
  }
}

TEST_CASE("simulated disk: unsynced names are kept or dropped, each on its own; a rename is never half done") {
  std::set<std::string> created, renamed;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimulatedDisk disk({.seed = seed});
    for (const char* name : {"old", "doomed"}) {
      auto file = open(disk, name);
      REQUIRE(file->write_at(0, name));
      REQUIRE(file->flush());
    }
    REQUIRE(disk.sync_folder(""));
    for (const char* name : {"x", "y"}) REQUIRE(open(disk, name)->flush());
    REQUIRE(disk.rename("old", "new"));
    REQUIRE(disk.remove("doomed"));
    disk.cut();
    const auto names = *disk.list("");
    const std::set<std::string> there(names.begin(), names.end());
    created.insert(std::string(there.contains("x") ? "x" : "-") + (there.contains("y") ? "y" : "-"));
    CHECK(there.contains("old") != there.contains("new"));
    CHECK(content(disk, there.contains("new") ? "new" : "old") == "old");
    renamed.insert(std::string(there.contains("new") ? "n" : "o") + (there.contains("doomed") ? "d" : "-"));
  }
  CHECK(created.size() == 4);
  CHECK(renamed.size() == 4);
}

TEST_CASE("simulated disk: a folder that was not synced takes its files with it") {
  std::set<bool> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedDisk disk({.seed = seed});
    REQUIRE(disk.make_folder("f"));
    REQUIRE(open(disk, "f/a")->flush());
    REQUIRE(disk.sync_folder("f"));
    disk.cut();
    seen.insert(disk.info("f/a").has_value());
    CHECK(disk.info("f/a").has_value() == disk.info("f").has_value());
  }
  CHECK(seen.size() == 2);
}

TEST_CASE("simulated disk: a failed flush loses dirty pages and the next one lies") {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedDisk disk({.seed = seed});
    auto file = open(disk, "a");
    REQUIRE(disk.sync_folder(""));
    REQUIRE(file->write_at(0, std::string(2048, 'n')));
    disk.fail(DiskCall::Flush, 1, DiskFailure::Broken);
    const auto flushed = file->flush();
    REQUIRE(!flushed);
    CHECK(flushed.error().kind == DiskFailure::Broken);
    CHECK(disk.fault_was_hit());
    CHECK_MESSAGE(content(disk, "a") == std::string(2048, 'n'), "the page cache still shows it");
    CHECK(file->flush());
    disk.cut();
    lost |= content(disk, "a") != std::string(2048, 'n');
  }
  CHECK(lost);
}

TEST_CASE("simulated disk: the n-th call of a kind fails, the others do not") {
  SimulatedDisk disk;
  auto file = open(disk, "a");
  disk.fail(DiskCall::Write, 2, DiskFailure::NoSpace, 2);
  CHECK(file->write_at(0, "1"));
  for (int i = 0; i < 2; ++i) {
    const auto written = file->write_at(1, "2");
    REQUIRE(!written);
    CHECK(written.error().kind == DiskFailure::NoSpace);
  }
  CHECK(file->write_at(1, "3"));
  disk.fail(DiskCall::Open, 1, DiskFailure::NoPermission);
  CHECK(!disk.open("b", OpenMode::Create));
  CHECK(disk.open("b", OpenMode::Create));
  disk.fail(DiskCall::SyncFolder, 1, DiskFailure::Broken);
  CHECK(!disk.sync_folder(""));
  CHECK(disk.sync_folder(""));
  CHECK(disk.calls(DiskCall::Write) == 4);
}

TEST_CASE("simulated disk: a full disk takes what fits and drains when blocks are given back") {
  SimulatedDisk disk({.capacity_octets = 16384});
  auto file = open(disk, "a");
  CHECK(file->write_at(0, std::string(12288, 'x')));
  CHECK(*disk.free_octets("") == 4096);
  const auto written = file->write_at(12288, std::string(8192, 'y'));
  REQUIRE(!written);
  CHECK(written.error().kind == DiskFailure::NoSpace);
  CHECK(*disk.free_octets("") == 0);
  CHECK(file->write_at(0, "overwriting needs no space"));
  CHECK(file->discard(4000, 5000));
  CHECK(*disk.free_octets("") == 4096);
  CHECK(content(disk, "a").substr(4095, 3) == std::string("x\0\0", 3));
  CHECK(disk.remove("a"));
  CHECK(disk.used_octets() == 0);
}

TEST_CASE("simulated disk: stop and kill; locks") {
  SimulatedDisk disk;
  auto file = open(disk, "a");
  auto other = open(disk, "a");
  REQUIRE(disk.sync_folder(""));
  CHECK(file->try_lock());
  REQUIRE(!other->try_lock());
  CHECK(other->try_lock().error().kind == DiskFailure::Busy);
  file->unlock();
  CHECK(other->try_lock());
  disk.stop_after(1);
  CHECK(file->write_at(0, "one"));
  CHECK(!file->write_at(3, "two"));
  CHECK(disk.stopped());
  CHECK(!disk.open("b", OpenMode::Create));
  disk.kill();
  CHECK(content(disk, "a").starts_with("one"));
  auto next = open(disk, "a");
  CHECK_MESSAGE(next->try_lock(), "death frees locks");
  CHECK(!file->write_at(0, "ghost"));
  other.reset();
  CHECK_MESSAGE(!open(disk, "a")->try_lock(), "a dead file's end must not free its successor's lock");
}

TEST_CASE("simulated disk: refusals") {
  SimulatedDisk disk;
  CHECK(disk.open("a", OpenMode::Read).error().kind == DiskFailure::NotFound);
  CHECK(disk.open("a", OpenMode::ReadWrite).error().kind == DiskFailure::NotFound);
  CHECK(disk.open("no/a", OpenMode::Create).error().kind == DiskFailure::NotFound);
  auto file = open(disk, "a");
  CHECK(disk.open("a", OpenMode::CreateNew).error().kind == DiskFailure::Exists);
  CHECK(open(disk, "a", OpenMode::Read)->write_at(0, "x").error().kind == DiskFailure::ReadOnly);
  REQUIRE(disk.make_folder("f/g"));
  CHECK(disk.make_folder("f"));
  CHECK(disk.remove("f").error().kind == DiskFailure::Exists);
  CHECK(disk.remove("f/g"));
  CHECK(disk.remove("f"));
  CHECK(disk.remove("f").error().kind == DiskFailure::NotFound);
  CHECK(disk.rename("nothing", "b").error().kind == DiskFailure::NotFound);
  CHECK(disk.list("a").error().kind == DiskFailure::NotFound);
  CHECK(disk.sync_folder("f").error().kind == DiskFailure::NotFound);
}

TEST_CASE("simulated disk: one seed, one story") {
  const auto story = [](std::uint64_t seed) {
    SimulatedDisk disk({.seed = seed});
    for (int i = 0; i < 20; ++i) {
      auto file = open(disk, "f" + std::to_string(i % 5));
      (void)file->write_at(static_cast<std::uint64_t>(i) * 300, std::string(700, static_cast<char>('a' + i)));
      if (i % 3 == 0) (void)disk.sync_folder("");
      if (i % 7 == 0) disk.cut();
    }
    std::string all;
    for (const auto& name : *disk.list("")) all += name + content(disk, name);
    return all;
  };
  CHECK(story(7) == story(7));
  CHECK(story(7) != story(8));
}
