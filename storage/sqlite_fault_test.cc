// The embedded engine on a disk that fails, fills up and loses power.
#include <cstdlib>

#include "io/simulated_disk.h"
#include "storage/commit_script.h"
#include "storage/sqlite_engine.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {

std::unique_ptr<SqliteEngine> open(io::Disk& disk, std::uint64_t body_reserve_octets = 0) {
  SqliteOptions options;
  options.body_reserve_octets = body_reserve_octets;
  options.sharing = Sharing::ThisProcess;
  options.close_when_unused_for = {};
  options.checkpoint_frames = 20;
  options.pack_octets = 16 << 10;
  auto engine = SqliteEngine::open(disk, "/accounts", options);
  return engine ? std::move(*engine) : nullptr;
}

int seeds(int preset) {
  const char* text = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  return text == nullptr ? preset : std::atoi(text);
}

enum class Aftermath : std::uint8_t { Kill, Cut };

// Fails the n-th call of one kind, for n = 1, 2, ... until a whole run meets no fault.
void survive_each_failure(io::DiskCall call, io::DiskFailure how, Aftermath aftermath) {
  int faults = 0;
  for (std::uint64_t n = 1;; ++n) {
    CAPTURE(n);
    CAPTURE(static_cast<int>(aftermath));
    io::SimulatedDisk disk({n});
    CommitScript script(7);
    if (auto engine = open(disk)) script.run(*engine, 3);
    disk.fail(call, n, how);
    if (auto engine = open(disk)) script.run(*engine, 25);
    const bool hit = disk.fault_was_hit();
    disk.clear_faults();
    aftermath == Aftermath::Cut ? disk.cut() : disk.kill();
    auto engine = open(disk);
    REQUIRE(engine);
    script.verify(*engine);
    script.run(*engine, 5);
    script.verify(*engine);
    if (!hit) break;
    ++faults;
  }
  CHECK(faults > 0);
}

}  // namespace

TEST_CASE("sqlite engine: the n-th failing call loses nothing acknowledged") {
  using io::DiskCall;
  for (const auto call : {DiskCall::Write, DiskCall::Flush, DiskCall::Open, DiskCall::Read, DiskCall::Info, DiskCall::SyncFolder,
                          DiskCall::Resize})
    for (const auto aftermath : {Aftermath::Kill, Aftermath::Cut}) {
      CAPTURE(static_cast<int>(call));
      survive_each_failure(call, io::DiskFailure::Broken, aftermath);
    }
}

TEST_CASE("sqlite engine: the n-th write that finds no space loses nothing acknowledged") {
  survive_each_failure(io::DiskCall::Write, io::DiskFailure::NoSpace, Aftermath::Cut);
}

TEST_CASE("sqlite engine: bodies fill the disk up to the reserve, and every index is still written") {
  io::SimulatedDisk disk({3});
  constexpr std::uint64_t reserve = 2 << 20;
  auto engine = open(disk, reserve);
  const std::string body(40'000, 'b');
  const PartitionName others("account/43");
  const auto put_row = [&](const PartitionName& partition, int i) {
    return engine->commit(partition, {RequestId(), {Put{"row" + std::to_string(i), std::string(200, 'r')}}, 0, {}}, Durability::Flushed, soon());
  };
  REQUIRE(put_row(inbox, 0));
  disk.set_capacity(disk.used_octets() + (4 << 20));
  std::vector<BlobId> kept;
  for (;;) {
    const auto put = engine->put_blobs(inbox, {body}, Durability::Flushed, soon());
    if (!put) {
      CHECK(fails(put, StoreFailure::NoSpace));
      break;
    }
    kept.push_back(put->front());
    REQUIRE(kept.size() < 200);
  }
  CHECK(kept.size() > 30);
  CHECK(*disk.free_octets("/accounts") >= reserve - 64 * 1024);
  for (int i = 1; i < 100; ++i) REQUIRE_MESSAGE(put_row(i % 2 == 0 ? inbox : others, i), "the index has room");
  CHECK(fails(engine->put_blobs(others, {body}, Durability::Lazy, soon()), StoreFailure::NoSpace));
  for (const auto& blob : kept) REQUIRE(engine->erase_blob(inbox, blob, soon()));  // takes no room
  CHECK_MESSAGE(engine->put_blobs(others, {body}, Durability::Flushed, soon()), "space came back");
}

TEST_CASE("sqlite engine: a full disk refuses, and goes on once there is room") {
  for (int seed = 0; seed < 20; ++seed) {
    io::SimulatedDisk disk({static_cast<std::uint64_t>(seed)});
    CommitScript script(static_cast<std::uint64_t>(seed));
    auto engine = open(disk);
    script.run(*engine, 5);
    disk.set_capacity(disk.used_octets() + static_cast<std::uint64_t>(seed) * 10'000);
    script.run(*engine, 300);
    const auto refused = engine->put_blobs(inbox, {std::string(1 << 20, 'x')}, Durability::Flushed, soon());
    CHECK(fails(refused, StoreFailure::NoSpace));
    disk.set_capacity(~0ULL);
    script.run(*engine, 10);
    script.verify(*engine);
    engine.reset();
    disk.cut();
    script.verify(*open(disk));
  }
}

TEST_CASE("sqlite engine: power cuts lose nothing acknowledged and give no number twice") {
  std::uint64_t durable = 0;
  for (int seed = 1; seed <= seeds(100); ++seed) {
    CAPTURE(seed);
    io::SimulatedDisk disk({static_cast<std::uint64_t>(seed)});
    CommitScript script(static_cast<std::uint64_t>(seed));
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    for (int cut = 0; cut < 4; ++cut) {
      disk.stop_after(random() % 400);
      if (auto engine = open(disk)) script.run(*engine, 60);
      durable += script.durable();
      disk.cut();
      auto engine = open(disk);
      REQUIRE(engine);
      script.verify(*engine);
    }
  }
  CHECK(durable > 0);
}

TEST_CASE("sqlite engine: an erased partition stays erased, or was never erased") {
  for (int seed = 1; seed <= seeds(100) / 2; ++seed) {
    CAPTURE(seed);
    io::SimulatedDisk disk({static_cast<std::uint64_t>(seed)});
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    BlobId blob;
    {
      auto engine = open(disk);
      for (int i = 0; i < 30; ++i) REQUIRE(put(*engine, std::to_string(i), "value"));
      blob = engine->put_blobs(inbox, {"body"}, Durability::Flushed, soon())->front();
    }
    bool erased = false;
    if (auto engine = open(disk)) {
      disk.stop_after(random() % 40);
      erased = engine->erase_partition(inbox, soon()).has_value();
    }
    disk.cut();
    auto engine = open(disk);
    const auto page = engine->scan(inbox, {}, soon());
    REQUIRE(page);
    CHECK((page->rows.empty() || (!erased && page->rows.size() == 30)));
    CHECK(page->version == Version(page->rows.size()));
    if (!page->rows.empty()) CHECK(engine->verify_blob(inbox, blob, soon()));
    CHECK(put(*engine, "new", "x"));
  }
}

TEST_CASE("sqlite engine: damage is told, never passed on") {
  io::SimulatedDisk disk;
  auto engine = open(disk);
  REQUIRE(put(*engine, "k", "v"));
  const auto ids = *engine->put_blobs(inbox, {std::string(5'000, 'a'), "next"}, Durability::Flushed, soon());
  REQUIRE(disk.damage("/accounts/account/42/pack-1", 3'000, 1));
  CHECK(fails(engine->verify_blob(inbox, ids[0], soon()), StoreFailure::Broken));
  CHECK(fails(engine->read_blob(inbox, ids[0], 0, 5'000, soon()), StoreFailure::Broken));
  CHECK(engine->read_blob(inbox, ids[1], 0, 9, soon()) == "next");
  REQUIRE(disk.damage("/accounts/account/42/pack-1", 0, 8));
  CHECK(fails(engine->read_blob(inbox, ids[0], 0, 1, soon()), StoreFailure::Broken));
  engine.reset();
  REQUIRE(put(*open(disk), "k", "v"));  // the first write after a start empties the log into the file
  REQUIRE(disk.damage("/accounts/account/42/index.sqlite", 0, 100));
  engine = open(disk);
  CHECK(fails(engine->get(inbox, "k", soon()), StoreFailure::Broken));
  CHECK(fails(put(*engine, "k", "w"), StoreFailure::Broken));
  CHECK(put(*engine, "k", "w").error().what.contains("/accounts/account/42/index.sqlite"));
}

TEST_CASE("sqlite engine: packs roll, and one wholly erased is removed") {
  io::SimulatedDisk disk;
  auto engine = open(disk);
  std::vector<BlobId> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(engine->put_blobs(inbox, {std::string(4'000, 'x')}, Durability::Lazy, soon())->front());
  const auto packs = [&] {
    const auto names = *disk.list("/accounts/account/42");
    return std::ranges::count_if(names, [](const auto& name) { return name.starts_with("pack-"); });
  };
  CHECK(packs() == 3);
  const auto used = disk.used_octets();
  for (int i = 0; i < 4; ++i) REQUIRE(engine->erase_blob(inbox, ids[static_cast<std::size_t>(i)], soon()));
  CHECK(packs() == 2);
  CHECK(disk.used_octets() < used);
  for (std::size_t i = 4; i < 12; ++i) CHECK(engine->verify_blob(inbox, ids[i], soon()));
}

TEST_CASE("sqlite engine: publishes the number of keys that was measured") {
  io::SimulatedDisk disk({1});
  CHECK(open(disk)->limits().partition_keys == 1'000'000);
}
