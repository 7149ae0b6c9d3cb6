#include "storage/sqlite_engine.h"

#include "io/posix_disk.h"
#include "io/simulated_disk.h"
#include "io/test_folder.h"
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
