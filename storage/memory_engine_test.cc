#include "storage/memory_engine.h"

#include "storage/engine_contract.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {

class MemoryFixture final : public EngineFixture {
 public:
  std::unique_ptr<Engine> open() override { return std::make_unique<MemoryEngine>(store_); }

 private:
  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
};

}  // namespace

TEST_CASE("memory engine keeps the contract") { keeps_engine_contract<MemoryFixture>(); }

TEST_CASE("memory engine: ordered faults hit the ordered call, and say the truth about what happened") {
  struct Case {
    EngineFault fault;
    StoreFailure want;
    bool applied;
  };
  for (const auto& [fault, want, applied] : {Case{EngineFault::Conflict, StoreFailure::Conflict, false},
                                             Case{EngineFault::OutcomeApplied, StoreFailure::OutcomeUnknown, true},
                                             Case{EngineFault::OutcomeLost, StoreFailure::OutcomeUnknown, false},
                                             Case{EngineFault::Timeout, StoreFailure::Timeout, false},
                                             Case{EngineFault::NoSpace, StoreFailure::NoSpace, false}}) {
    MemoryEngine engine;
    engine.faults().at(1, fault);
    const auto change = batch({Add{"n", 1}}, "request");
    CHECK(put(engine, "a", "1"));
    CHECK(fails(engine.commit(inbox, change, Durability::Flushed, soon()), want));
    CHECK(engine.faults().waiting() == 0);
    CHECK((read(engine, "n") == "(none)") != applied);
    const auto again = engine.commit(inbox, change, Durability::Flushed, soon());
    REQUIRE(again);
    CHECK(again->repeated == applied);
    CHECK(read(engine, "n")[0] == 1);
  }
}

TEST_CASE("memory engine: a put of blobs with unknown outcome leaves an orphan or nothing") {
  MemoryEngine engine;
  engine.faults().at(0, EngineFault::OutcomeLost);
  engine.faults().at(1, EngineFault::OutcomeApplied);
  for (int i = 0; i < 2; ++i)
    CHECK(fails(engine.put_blobs(inbox, {"body"}, Durability::Flushed, soon()), StoreFailure::OutcomeUnknown));
  CHECK(engine.store().partitions["account/42"].blobs.size() == 1);
}

TEST_CASE("memory engine: rings come late or never when ordered") {
  MemoryEngine engine;
  int rings = 0;
  const auto watch = engine.watch(inbox, [&] { ++rings; });
  engine.faults().at(0, EngineFault::LateRing);
  CHECK(put(engine, "a", "1"));
  CHECK(rings == 0);
  CHECK(engine.version(inbox, soon()) == Version(1));
  CHECK(rings == 1);
  engine.faults().at(0, EngineFault::LostRing);
  CHECK(put(engine, "a", "2"));
  CHECK(engine.version(inbox, soon()) == Version(2));
  CHECK(rings == 1);
}

TEST_CASE("memory engine: a seed gives the same faults again") {
  const auto run = [](std::uint64_t seed) {
    MemoryEngine engine;
    engine.faults().seeded(seed, 0.3);
    std::string trace;
    for (int i = 0; i < 200; ++i) {
      const auto outcome = put(engine, "k", std::to_string(i));
      trace += outcome ? '.' : static_cast<char>('0' + static_cast<int>(outcome.error().kind));
    }
    return trace;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
  CHECK(run(1).find_first_not_of('.') != std::string::npos);
}

TEST_CASE("memory engine: a power cut takes lazy commits from the end only, and no flushed one") {
  bool some_lost = false, some_kept = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto store = std::make_shared<MemoryStore>();
    MemoryEngine engine(store);
    CHECK(put(engine, "flushed", "1"));
    for (int i = 1; i <= 5; ++i) CHECK(put(engine, "lazy", std::to_string(i), Durability::Lazy));
    CHECK(put(engine, "after", "x", Durability::Lazy));
    store->cut_power(seed);
    CHECK(read(engine, "flushed") == "1");
    const auto version = engine.version(inbox, soon())->value();
    CHECK(read(engine, "lazy") == (version == 1 ? "(none)" : std::to_string(std::min<std::uint64_t>(version - 1, 5))));
    CHECK((read(engine, "after") == "x") == (version == 7));
    some_lost |= version < 7, some_kept |= version > 1;
    CHECK(put(engine, "lazy", "6", Durability::Lazy));
    CHECK(engine.flush(inbox, soon()));
    store->cut_power(seed);
    CHECK(read(engine, "lazy") == "6");
  }
  CHECK(some_lost);
  CHECK(some_kept);
}
