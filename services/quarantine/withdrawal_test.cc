#include "services/quarantine/withdrawal.h"

#include <doctest/doctest.h>

#include <latch>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::quarantine;

namespace {

struct Rig {
  io::PosixDisk disk;
  io::TestFolder folder;
  io::Loop loop;
  io::Workers workers{1, 1};
  std::latch go_on{1};
  std::string path = folder / "deposit";

  Deposit deposit() {
    auto file = disk.open(path, io::OpenMode::CreateNew);
    REQUIRE(file);
    REQUIRE((*file)->write_at(0, "a copy"));
    return Deposit(*std::move(file));
  }
  std::uint64_t octets() { return disk.info(path)->size; }
};

Task<void> withdraw_it(Rig& rig, bool& done) {
  auto withdrawing = withdraw(rig.loop, rig.workers, rig.deposit());
  co_await std::move(withdrawing);
  done = true;
}

// One job holds the only worker, another one the only place behind it.
Task<void> among_busy_workers(Rig& rig) {
  REQUIRE(rig.workers.start([&rig] { rig.go_on.wait(); }));
  while (rig.workers.queued() > 0) co_await rig.loop.sleep_until(rig.loop.after(1ms));
  REQUIRE(rig.workers.start([] {}));
  bool done = false;
  rig.loop.spawn(withdraw_it(rig, done));
  co_await rig.loop.sleep_until(rig.loop.after(1ms));
  CHECK_FALSE(done);
  CHECK(rig.octets() == 6);  // not by the loop
  rig.go_on.count_down();
  while (!done) co_await rig.loop.sleep_until(rig.loop.after(1ms));
  CHECK(rig.octets() == 0);
}

}  // namespace

TEST_CASE("quarantine: a withdrawal waits for a worker") {
  Rig rig;
  io::run_to_end(rig.loop, among_busy_workers(rig));
}
