// The embedded engine used by several processes at once, some of them killed in the middle.
#include <signal.h>
#include <sqlite3.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/wire.h"
#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "storage/engine_contract.h"
#include "storage/sqlite_engine.h"

using namespace hikyaku;
using namespace hikyaku::storage;
using namespace std::chrono_literals;

namespace {

Duration race_time() {
  const char* text = std::getenv("HIKYAKU_RACE_SECONDS");
  return text == nullptr ? Duration(1s) : Duration(std::chrono::seconds(std::atoi(text)));
}

std::string integrity(const std::string& path) {
  sqlite3* database = nullptr;
  std::string answer = "not opened";
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    const auto take = [](void* out, int, char** text, char**) { return *static_cast<std::string*>(out) = text[0], 0; };
    if (sqlite3_exec(database, "PRAGMA integrity_check", take, &answer, nullptr) != SQLITE_OK) answer = sqlite3_errmsg(database);
  }
  sqlite3_close(database);
  return answer;
}

// Runs `work` in a process of its own, which ends without unwinding the test's state.
template <class Work>
pid_t start(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  return child;
}

SqliteOptions busy_options() {
  SqliteOptions options;
  options.checkpoint_frames = 5;             // checkpoints all the time
  options.close_when_unused_for = 3ms;       // and opens with recovery, and closes
  return options;
}

// Commits until told to end by the clock, and six times at least; each acknowledged commit is one octet in the pipe.
bool commit_for(const std::string& root, Duration time, int who, int acknowledged) {
  io::PosixDisk disk;
  auto engine = SqliteEngine::open(disk, root, busy_options());
  if (!engine) return false;
  int done = 0;
  for (const auto end = soon(time); std::chrono::steady_clock::now() < end || done < 6; ++done) {
    const auto durability = std::rand() % 4 == 0 ? Durability::Flushed : Durability::Lazy;
    const auto outcome = (*engine)->commit(
        inbox, batch({Add{"sum", 1}, Add{"of" + std::to_string(who), 1}, Allocate{"n", 1, {{"n........", "", {{1, 8}}, {}, 0}}}}), durability, soon());
    if (!outcome || ::write(acknowledged, "+", 1) != 1) return false;
    if (std::rand() % 16 == 0) std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::uint64_t drain(int pipe) {
  std::uint64_t octets = 0;
  char buffer[4096];
  for (ssize_t read = 0; (read = ::read(pipe, buffer, sizeof buffer)) > 0;) octets += static_cast<std::uint64_t>(read);
  return octets;
}

std::uint64_t counter(Engine& engine, std::string_view key) {
  const auto value = read(engine, key);
  WireReader in(value);
  return in.u64();
}

}  // namespace

TEST_CASE("sqlite engine: processes that commit, checkpoint, open and close at once lose nothing") {
  const io::TestFolder folder;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::vector<pid_t> children;
  for (int who = 0; who < 4; ++who)
    children.push_back(start([&] { return commit_for(folder.path(), race_time(), who, ends[1]); }));
  ::close(ends[1]);
  const auto acknowledged = drain(ends[0]);
  ::close(ends[0]);
  for (const auto child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  io::PosixDisk disk;
  auto engine = SqliteEngine::open(disk, folder.path());
  REQUIRE(engine);
  CHECK(acknowledged > 20);
  CHECK(counter(**engine, "sum") == acknowledged);
  CHECK(counter(**engine, "n") == acknowledged);
  CHECK((*engine)->version(inbox, soon()) == Version(acknowledged));
  engine->reset();
  CHECK(integrity(folder / "account/42/index.sqlite") == "ok");
}

TEST_CASE("sqlite engine: kill -9 of committing processes loses nothing acknowledged and blocks nobody") {
  const io::TestFolder folder;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto any_acknowledged = [&] {
    pollfd one{ends[0], POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
  };
  int killed = 0;
  // On a busy machine the first acknowledgement may take its time.
  const auto end = soon(race_time()), last = soon(2min);
  for (auto now = std::chrono::steady_clock::now(); now < end || (now < last && !any_acknowledged()); now = std::chrono::steady_clock::now(), ++killed) {
    const auto one = start([&] { return commit_for(folder.path(), 1h, 1, ends[1]); });
    const auto two = start([&] { return commit_for(folder.path(), 1h, 2, ends[1]); });
    std::this_thread::sleep_for(std::chrono::milliseconds{10 + (any_acknowledged() ? killed % 7 : killed) * 5});
    for (const auto child : {one, two}) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }
  ::close(ends[1]);
  const auto acknowledged = drain(ends[0]);
  ::close(ends[0]);
  io::PosixDisk disk;
  auto engine = SqliteEngine::open(disk, folder.path());
  REQUIRE(engine);
  const auto sum = counter(**engine, "sum");
  CHECK(acknowledged > 0);
  CHECK(sum >= acknowledged);
  CHECK(sum <= acknowledged + 2 * static_cast<std::uint64_t>(killed));
  CHECK(counter(**engine, "n") == sum);
  CHECK(put(**engine, "alive", "x"));
  CHECK((*engine)->version(inbox, soon()) == Version(sum + 1));
  engine->reset();
  CHECK(integrity(folder / "account/42/index.sqlite") == "ok");
}

namespace {

// Bare SQLite, nothing of ours: processes that commit and checkpoint as they like.
bool commit_bare(const std::string& path, Duration time, int acknowledged) {
  sqlite3* database = nullptr;
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK) return false;
  sqlite3_busy_timeout(database, 20'000);
  sqlite3_exec(database, "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=NORMAL", nullptr, nullptr, nullptr);
  for (const auto end = soon(time); std::chrono::steady_clock::now() < end;) {
    if (sqlite3_exec(database, "BEGIN IMMEDIATE; UPDATE t SET sum=sum+1; INSERT INTO r VALUES(NULL,randomblob(200)); COMMIT", nullptr, nullptr,
                     nullptr) != SQLITE_OK)
      return false;
    if (::write(acknowledged, "+", 1) != 1) return false;
    const int how = std::rand() % 6;
    if (how < 3) sqlite3_wal_checkpoint_v2(database, nullptr, how == 0 ? SQLITE_CHECKPOINT_PASSIVE : how == 1 ? SQLITE_CHECKPOINT_FULL : SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  }
  sqlite3_close(database);
  return true;
}

}  // namespace

// Not run by default: it shows what the machine's SQLite does without our lock. See docs/adr/0004-sqlite-partitions.md.
TEST_CASE("bare SQLite: commits and checkpoints without the fair lock" * doctest::skip()) {
  const io::TestFolder folder;
  const auto path = folder / "bare.sqlite";
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  sqlite3_exec(database, "PRAGMA journal_mode=WAL; CREATE TABLE t(sum INTEGER); INSERT INTO t VALUES(0); CREATE TABLE r(id INTEGER PRIMARY KEY, v BLOB)",
               nullptr, nullptr, nullptr);
  sqlite3_close(database);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::vector<pid_t> children;
  for (int who = 0; who < 6; ++who) children.push_back(start([&] { return std::srand(static_cast<unsigned>(::getpid())), commit_bare(path, race_time(), ends[1]); }));
  ::close(ends[1]);
  const auto acknowledged = drain(ends[0]);
  for (const auto child : children) ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  std::string sum;
  const auto take = [](void* out, int, char** text, char**) { return *static_cast<std::string*>(out) = text[0], 0; };
  sqlite3_exec(database, "SELECT sum FROM t", take, &sum, nullptr);
  sqlite3_close(database);
  MESSAGE(acknowledged << " commits acknowledged, " << sum << " counted, integrity: " << integrity(path));
  CHECK(sum == std::to_string(acknowledged));
  CHECK(integrity(path) == "ok");
}
