// The contract of several engines on one state: visibility, watching, leases and fencing.
#include <atomic>
#include <thread>

#include "base/wire.h"
#include "storage/engine_contract.h"

namespace hikyaku::storage {
namespace {

using namespace std::chrono_literals;

bool becomes(const std::atomic<int>& count, int at_least) {
  for (const auto until = soon(30s); std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(1ms))
    if (count >= at_least) return true;
  return count >= at_least;
}

void a_commit_is_seen_by_all_at_once(EngineFixture& fixture) {
  const auto one = fixture.open(), two = fixture.open();
  for (int i = 1; i <= 20; ++i) {
    auto& writer = i % 2 == 0 ? *one : *two;
    auto& reader = i % 2 == 0 ? *two : *one;
    REQUIRE(put(writer, "k", std::to_string(i), i % 3 == 0 ? Durability::Flushed : Durability::Lazy));
    CHECK(read(reader, "k") == std::to_string(i));
    CHECK(reader.version(inbox, soon()) == Version(static_cast<std::uint64_t>(i)));
  }
  CHECK(two->flush(inbox, soon()));
}

void what_was_committed_outlives_its_engine(EngineFixture& fixture) {
  BlobId blob;
  {
    const auto engine = fixture.open();
    REQUIRE(put(*engine, "flushed", "1"));
    REQUIRE(put(*engine, "lazy", "2", Durability::Lazy));
    blob = engine->put_blobs(inbox, {"body"}, Durability::Lazy, soon())->front();
  }
  const auto engine = fixture.open();
  CHECK(read(*engine, "flushed") == "1");
  CHECK(read(*engine, "lazy") == "2");
  CHECK(engine->version(inbox, soon()) == Version(2));
  CHECK(engine->read_blob(inbox, blob, 0, 9, soon()) == "body");
}

void contenders_lose_no_update(EngineFixture& fixture) {
  constexpr int threads_count = 4, additions = 25;
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int t = 0; t < threads_count; ++t)
    threads.emplace_back([&done, engine = std::shared_ptr<Engine>(fixture.open())] {
      for (int i = 0; i < additions;) {
        const auto value = engine->get(inbox, "n", soon());
        if (!value) return;
        const auto next = std::to_string(value->has_value() ? std::stoi(**value) + 1 : 1);
        const auto outcome = engine->commit(inbox, batch({ExpectValue{"n", *value}, Put{"n", next}}), Durability::Lazy, soon());
        if (outcome) ++i, ++done;
        else if (outcome.error().kind != StoreFailure::Conflict) return;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(done == threads_count * additions);
  CHECK(read(*fixture.open(), "n") == std::to_string(threads_count * additions));
}

void a_watch_rings_for_every_engine_of_the_state(EngineFixture& fixture) {
  const auto one = fixture.open(), two = fixture.open();
  std::atomic<int> rings{0}, others{0};
  auto watch = two->watch(inbox, [&rings] { ++rings; });
  const auto other_watch = two->watch(PartitionName("account/43"), [&others] { ++others; });
  REQUIRE(put(*one, "k", "1"));
  CHECK(becomes(rings, 1));
  const int before = rings;
  REQUIRE(put(*two, "k", "2", Durability::Lazy));
  CHECK(becomes(rings, before + 1));
  CHECK(fails(one->commit(inbox, batch({ExpectVersion{Version(0)}}), Durability::Lazy, soon()), StoreFailure::Conflict));
  watch.reset();
  const int after = rings;
  REQUIRE(put(*one, "k", "3"));
  std::this_thread::sleep_for(20ms);
  CHECK(rings == after);
  CHECK(others == 0);
}

void a_watch_may_call_the_engine(EngineFixture& fixture) {
  const auto engine = fixture.open();
  std::atomic<int> seen{0};
  const auto watch = engine->watch(inbox, [&] {
    if (read(*engine, "k") == "1") ++seen;
  });
  REQUIRE(put(*engine, "k", "1"));
  CHECK(becomes(seen, 1));
}

void a_lease_has_one_holder(EngineFixture& fixture) {
  auto one = fixture.open();
  const auto two = fixture.open();
  const auto held = one->take_lease("spool/incoming-1", 10s, soon());
  REQUIRE(held);
  CHECK(held->token > 0);
  CHECK(fails(two->take_lease("spool/incoming-1", 10s, soon(30ms)), StoreFailure::Timeout));
  CHECK(fails(one->take_lease("spool/incoming-1", 10s, soon(30ms)), StoreFailure::Timeout));
  CHECK(two->take_lease("spool/incoming-2", 10s, soon()));
  CHECK(fails(two->release_lease(*held), StoreFailure::Fenced));
  REQUIRE(one->release_lease(*held));
  CHECK(fails(one->release_lease(*held), StoreFailure::Fenced));
  const auto next = one->take_lease("spool/incoming-1", 10s, soon());
  REQUIRE(next);
  CHECK(next->token > held->token);
  one.reset();  // as the end of a process
  const auto heir = two->take_lease("spool/incoming-1", 10s, soon());
  REQUIRE(heir);
  CHECK(heir->token > next->token);
}

void a_lease_is_waited_for(EngineFixture& fixture) {
  const auto one = fixture.open(), two = fixture.open();
  const auto held = one->take_lease("lease", 10s, soon());
  REQUIRE(held);
  std::thread holder([&] {
    std::this_thread::sleep_for(30ms);
    static_cast<void>(one->release_lease(*held));
  });
  const auto next = two->take_lease("lease", 10s, soon());
  holder.join();
  CHECK(next);
}

void an_old_token_is_fenced_off(EngineFixture& fixture) {
  const auto one = fixture.open(), two = fixture.open();
  const auto old = one->take_lease("owner", 10s, soon());
  REQUIRE(old);
  const auto with = [](const Lease& lease, std::string value) {
    return Batch{RequestId{}, {Put{"k", std::move(value)}}, lease.token, lease.name};
  };
  CHECK(one->commit(inbox, with(*old, "1"), Durability::Flushed, soon()));
  CHECK(two->commit(inbox, with(*old, "2"), Durability::Flushed, soon()));
  REQUIRE(one->release_lease(*old));
  const auto fresh = two->take_lease("owner", 10s, soon());
  REQUIRE(fresh);
  CHECK(fails(one->commit(inbox, with(*old, "late"), Durability::Flushed, soon()), StoreFailure::Fenced));
  CHECK(fails(one->commit(inbox, with({"owner", fresh->token + 1}, "early"), Durability::Flushed, soon()), StoreFailure::Fenced));
  CHECK(fails(one->commit(inbox, with({"nobody", 1}, "x"), Durability::Flushed, soon()), StoreFailure::Fenced));
  CHECK(fails(one->commit(inbox, with({"nobody", 0}, "x"), Durability::Flushed, soon()), StoreFailure::Fenced));
  CHECK(two->commit(inbox, with(*fresh, "3"), Durability::Flushed, soon()));
  CHECK(read(*one, "k") == "3");
}

constexpr ContractTest tests[] = {
    {"a commit is seen by all at once", a_commit_is_seen_by_all_at_once},
    {"what was committed outlives its engine", what_was_committed_outlives_its_engine},
    {"contenders lose no update", contenders_lose_no_update},
    {"a watch rings for every engine of the state", a_watch_rings_for_every_engine_of_the_state},
    {"a watch may call the engine", a_watch_may_call_the_engine},
    {"a lease has one holder", a_lease_has_one_holder},
    {"a lease is waited for", a_lease_is_waited_for},
    {"an old token is fenced off", an_old_token_is_fenced_off},
};

}  // namespace

std::span<const ContractTest> sharing_contract() { return tests; }

}  // namespace hikyaku::storage
