#include "storage/sqlite_engine.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "io/posix_disk.h"
#include "io/simulated_disk.h"
#include "io/test_folder.h"
#include "storage/blob_record.h"
#include "storage/engine_contract.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {

class PosixFixture final : public EngineFixture {
 public:
  std::unique_ptr<Engine> open() override {
    auto engine = SqliteEngine::open(disk_, folder_ / "accounts");
    REQUIRE_MESSAGE(engine, engine.error().what);
    return std::move(*engine);
  }

 private:
  io::PosixDisk disk_;
  io::TestFolder folder_;
};

class SimulatedFixture final : public EngineFixture {
 public:
  std::unique_ptr<Engine> open() override {
    SqliteOptions options;
    options.sharing = Sharing::ThisProcess;
    options.close_when_unused_for = {};
    auto engine = SqliteEngine::open(disk_, "/accounts", options);
    REQUIRE_MESSAGE(engine, engine.error().what);
    return std::move(*engine);
  }

 private:
  io::SimulatedDisk disk_;
};

}  // namespace

TEST_CASE("sqlite engine keeps the contract on the real disk") { keeps_engine_contract<PosixFixture>(); }
TEST_CASE("sqlite engine keeps the contract on the simulated disk") { keeps_engine_contract<SimulatedFixture>(); }

namespace {

std::unique_ptr<SqliteEngine> open(io::Disk& disk, const std::string& root, SqliteOptions options = {}) {
  auto engine = SqliteEngine::open(disk, root, options);
  REQUIRE_MESSAGE(engine, engine.error().what);
  return std::move(*engine);
}

template <class Condition>
bool becomes(Condition condition) {
  for (const auto until = soon(std::chrono::seconds{5}); std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return false;
}

}  // namespace

TEST_CASE("sqlite engine: what nobody uses is closed, watched or not, and its version is still known") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  SqliteOptions options;
  options.close_when_unused_for = std::chrono::milliseconds{20};
  const auto engine = open(disk, folder.path(), options);
  const auto watch = engine->watch(inbox, [] {});
  REQUIRE(put(*engine, "k", "v"));
  CHECK(becomes([&] { return engine->open_partitions() == 0; }));
  CHECK(engine->version(inbox, soon()) == Version(1));
  CHECK(engine->open_partitions() == 0);  // read from the shared page, no database opened
  CHECK(read(*engine, "k") == "v");
}

TEST_CASE("sqlite engine: a partition that may rest is closed at once, and opened again when needed") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  SqliteOptions options;
  options.close_when_unused_for = std::chrono::minutes{10};
  const auto engine = open(disk, folder.path(), options);
  REQUIRE(engine->commit(inbox, batch({Put{"k", "v"}}), Durability::Lazy, soon()));
  CHECK(engine->open_partitions() == 1);
  engine->rest(PartitionName("account/7"));  // never opened: nothing to do
  engine->rest(inbox);
  CHECK(engine->open_partitions() == 0);
  CHECK(read(*engine, "k") == "v");
}

TEST_CASE("sqlite engine: no more partitions are open than allowed") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  SqliteOptions options;
  options.open_partitions = 3;
  const auto engine = open(disk, folder.path(), options);
  for (int i = 0; i < 10; ++i) {
    const PartitionName name("account/" + std::to_string(i));
    REQUIRE(engine->commit(name, batch({Put{"k", std::to_string(i)}}), Durability::Lazy, soon()));
    CHECK(engine->open_partitions() <= 3);
  }
  for (int i = 0; i < 10; ++i) CHECK(read(*engine, "k", PartitionName("account/" + std::to_string(i))) == std::to_string(i));
}

TEST_CASE("sqlite engine: a stuck partition delays only itself, and only to the deadline") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  const auto engine = open(disk, folder.path());
  REQUIRE(put(*engine, "k", "v"));
  const auto page = SharedPage::map_file(folder / "account/42/index.lock", sizeof(PartitionPage), [](void*) {});
  REQUIRE(page);
  auto& lock = static_cast<PartitionPage*>((*page)->data())->lock;
  REQUIRE(lock.lock(Deadline::max()) == FairLock::Taken::InOrder);
  std::thread others([&] {
    CHECK(fails(engine->commit(inbox, batch({Put{"k", "w"}}), Durability::Lazy, soon(std::chrono::milliseconds{40})), StoreFailure::Timeout));
    CHECK(read(*engine, "k") == "v");
    CHECK(engine->commit(PartitionName("account/43"), batch({Put{"k", "w"}}), Durability::Flushed, soon(std::chrono::seconds{5})));
  });
  others.join();
  lock.unlock();
  CHECK(put(*engine, "k", "w"));
}

TEST_CASE("sqlite engine: an index of a newer program is refused with a sentence") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  REQUIRE(put(*open(disk, folder.path()), "k", "v"));
  {
    SqliteDatabase database;
    REQUIRE(database.open(folder / "account/42/index.sqlite", ""));
    REQUIRE(database.run("PRAGMA user_version=2"));
  }
  const auto value = open(disk, folder.path())->get(inbox, "k", soon());
  REQUIRE(fails(value, StoreFailure::Broken));
  CHECK(value.error().what.contains("newer program"));
}

TEST_CASE("sqlite engine: a log does not grow beyond its bound") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  SqliteOptions options;
  options.checkpoint_frames = 50;
  const auto engine = open(disk, folder.path(), options);
  for (int i = 0; i < 400; ++i) REQUIRE(put(*engine, "k" + std::to_string(i), std::string(500, 'v'), Durability::Lazy));
  const auto log = disk.info(folder / "account/42/index.sqlite-wal");
  REQUIRE(log);
  CHECK(log->size < 100 * 4'120);
}

TEST_CASE("sqlite engine: what a mail's text claims to be is no body, though a crash tore off the mail's own head") {
  io::PosixDisk disk;
  const io::TestFolder folder;
  const auto claims = [](std::uint64_t length) { return header(length, 7); };
  for (const std::uint64_t length : {std::uint64_t{600}, std::uint64_t{1} << 39, ~std::uint64_t{0}, ~std::uint64_t{0} - header_octets + 1}) {
    const auto engine = open(disk, folder.path() + "/" + std::to_string(length));
    // At the first sector behind the head.
    const std::string text = std::string(sector_octets - header_octets, 'x') + claims(length) + std::string(sector_octets, 'y');
    const auto put = engine->put_blobs(inbox, {text, "the next mail"}, Durability::Flushed, soon());
    REQUIRE(put);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() + "/" + std::to_string(length)))
      if (entry.path().filename().string().starts_with("pack-")) {
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.write(std::string(header_octets, '\0').data(), header_octets);
      }
    const auto mark = engine->blob_mark(inbox, soon());
    REQUIRE(mark);
    const auto listed = engine->list_blobs(inbox, BlobMark{}, *mark, 100, soon());
    REQUIRE(listed);
    CHECK(!listed->more);
    for (const auto& blob : listed->blobs) {
      const auto verified = engine->verify_blob(inbox, blob, soon());
      if (blob == put->back()) CHECK(verified);
      else CHECK((!verified && verified.error().kind == StoreFailure::Broken));  // so nobody erases what stands behind it
    }
    if (length > 4096) CHECK(listed->blobs == std::vector{put->back()});
  }
}
