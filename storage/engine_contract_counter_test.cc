// The contract of numbers: Add and Allocate.
#include <thread>

#include "base/wire.h"
#include "storage/engine_contract.h"

namespace hikyaku::storage {
namespace {

void add_counts_in_little_endian(EngineFixture& fixture) {
  const auto engine = fixture.open();
  REQUIRE(engine->commit(inbox, batch({Add{"n", 5}, Add{"n", -7}, Add{"m", 300}}), Durability::Flushed, soon()));
  CHECK(read(*engine, "n") == WireWriter{}.u64(static_cast<std::uint64_t>(-2)).bytes());
  CHECK(read(*engine, "m") == WireWriter{}.u64(300).bytes());
  REQUIRE(engine->commit(inbox, batch({Put{"big", WireWriter{}.u64(INT64_MAX).bytes()}, Put{"text", "abc"}, Put{"empty", ""}}), Durability::Flushed, soon()));
  CHECK(fails(engine->commit(inbox, batch({Add{"big", 1}}), Durability::Flushed, soon()), StoreFailure::NoSpace));
  CHECK(fails(engine->commit(inbox, batch({Add{"text", 1}}), Durability::Flushed, soon()), StoreFailure::Broken));
  CHECK(fails(engine->commit(inbox, batch({Add{"empty", 1}}), Durability::Flushed, soon()), StoreFailure::Broken));
}

void allocate_numbers_its_rows(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const NumberedRow first{"m/....", "uid=........;", {{2, 4}}, {{4, 8}}, 0};
  const NumberedRow second{"m/....", "two", {{2, 4}}, {}, 1};
  const NumberedRow unnumbered{"last", "..", {}, {{0, 1}, {1, 1}}, 2};
  const auto done = engine->commit(inbox, batch({Allocate{"uid", 3, {second, first, unnumbered}}, Allocate{"modseq", 1, {}}, Allocate{"uid", 2, {}}}),
                                   Durability::Flushed, soon());
  REQUIRE(done);
  CHECK(done->first_allocated == std::vector<std::uint64_t>{1, 1, 4});
  CHECK(read(*engine, "m/" + big_endian(1, 4)) == "uid=" + big_endian(1, 8) + ";");
  CHECK(read(*engine, "m/" + big_endian(2, 4)) == "two");
  CHECK(read(*engine, "last") == "\3\3");
  CHECK(read(*engine, "uid") == WireWriter{}.u64(5).bytes());
  const auto next = engine->commit(inbox, batch({Allocate{"uid", 1, {first}}}), Durability::Lazy, soon());
  CHECK(next->first_allocated == std::vector<std::uint64_t>{6});
  CHECK(read(*engine, "m/" + big_endian(6, 4)) == "uid=" + big_endian(6, 8) + ";");
}

void a_row_may_name_two_counters(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const NumberedRow row{"m....", "modseq=........", {{1, 4}}, {{7, 8, 0}}, 0};
  const NumberedRow log{"c............", "", {{1, 8, 0}, {9, 4}}, {}, 0};
  REQUIRE(engine->commit(inbox, batch({Allocate{"modseq", 41, {}}}), Durability::Flushed, soon()));
  const auto done = engine->commit(inbox, batch({Allocate{"modseq", 1, {}}, Allocate{"uid", 1, {row, log}}}), Durability::Flushed, soon());
  REQUIRE(done);
  CHECK(done->first_allocated == std::vector<std::uint64_t>{42, 1});
  CHECK(read(*engine, "m" + big_endian(1, 4)) == "modseq=" + big_endian(42, 8));
  CHECK(read(*engine, "c" + big_endian(42, 8) + big_endian(1, 4)).empty());
  CHECK(fails(engine->commit(inbox, batch({Allocate{"uid", 1, {row}}}), Durability::Flushed, soon()), StoreFailure::Refused));
  CHECK(fails(engine->commit(inbox, batch({Allocate{"uid", 1, {row}}, Allocate{"modseq", 1, {}}}), Durability::Flushed, soon()), StoreFailure::Refused));
}

void numbers_run_out_instead_of_wrapping(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const NumberedRow row{"u....", "", {{1, 4}}, {}, 0};
  REQUIRE(engine->commit(inbox, batch({Put{"uid", WireWriter{}.u64(0xfffffffe).bytes()}}), Durability::Flushed, soon()));
  REQUIRE(engine->commit(inbox, batch({Allocate{"uid", 1, {row}}}), Durability::Flushed, soon()));
  CHECK(read(*engine, "u\xff\xff\xff\xff").empty());
  CHECK(fails(engine->commit(inbox, batch({Allocate{"uid", 1, {row}}}), Durability::Flushed, soon()), StoreFailure::NoSpace));
  REQUIRE(engine->commit(inbox, batch({Put{"all", WireWriter{}.u64(~0ULL - 1).bytes()}}), Durability::Flushed, soon()));
  CHECK(fails(engine->commit(inbox, batch({Allocate{"all", 2, {}}}), Durability::Flushed, soon()), StoreFailure::NoSpace));
  CHECK(engine->commit(inbox, batch({Allocate{"all", 1, {}}}), Durability::Flushed, soon())->first_allocated[0] == ~0ULL);
  CHECK(fails(engine->commit(inbox, batch({Allocate{"all", 1, {}}}), Durability::Flushed, soon()), StoreFailure::NoSpace));
}

// What IMAP needs: a reader that sees number n has every smaller number in its view or will never have it.
void numbers_appear_in_order(EngineFixture& fixture) {
  constexpr int writers = 3, commits = 40;
  const auto reader = fixture.open();
  std::vector<std::thread> threads;
  for (int w = 0; w < writers; ++w)
    threads.emplace_back([engine = std::shared_ptr<Engine>(fixture.open())] {
      for (int i = 0; i < commits; ++i) {
        const NumberedRow row{"m....", "", {{1, 4}}, {}, 0};
        if (!engine->commit(inbox, batch({Allocate{"uid", 1, {row}}}), Durability::Lazy, soon())) return;
      }
    });
  bool gap = false;
  for (std::size_t seen = 0; seen < writers * commits && !gap;) {
    const auto page = reader->scan(inbox, {"m", "n", 1'000, 1 << 20, false}, soon());
    REQUIRE(page);
    seen = page->rows.size();
    for (std::size_t i = 0; i < seen; ++i) gap |= page->rows[i].key != "m" + big_endian(i + 1, 4);
  }
  for (auto& thread : threads) thread.join();
  CHECK(!gap);
  CHECK(reader->version(inbox, soon()) == Version(writers * commits));
}

constexpr ContractTest tests[] = {
    {"add counts in little-endian", add_counts_in_little_endian},
    {"allocate numbers its rows, big-endian", allocate_numbers_its_rows},
    {"a row may name two counters", a_row_may_name_two_counters},
    {"numbers run out instead of wrapping", numbers_run_out_instead_of_wrapping},
    {"numbers appear in order", numbers_appear_in_order},
};

}  // namespace

std::span<const ContractTest> counter_contract() { return tests; }

}  // namespace hikyaku::storage
