// The contract of reading and erasing ranges.
#include "storage/engine_contract.h"

namespace hikyaku::storage {
namespace {

void fill(Engine& engine) {
  std::vector<Change> changes;
  for (const char* key : {"a", "b", "b/1", "b/2", "b/3", "b0", "c", "\xff"}) changes.push_back(Put{key, key});
  REQUIRE(engine.commit(inbox, batch(changes), Durability::Flushed, soon()));
}

void scans_ranges_both_ways(EngineFixture& fixture) {
  const auto engine = fixture.open();
  fill(*engine);
  struct Case {
    const char *from, *until;
    std::uint32_t limit;
    bool backwards;
    const char* want;
  };
  const Case cases[] = {
      {"", "", 100, false, "a b b/1 b/2 b/3 b0 c \xff "}, {"", "", 100, true, "\xff c b0 b/3 b/2 b/1 b a "},
      {"b/", "b0", 100, false, "b/1 b/2 b/3 "},           {"b/", "b0", 100, true, "b/3 b/2 b/1 "},
      {"b/", "b0", 2, false, "b/1 b/2 ..."},              {"b/", "b0", 2, true, "b/3 b/2 ..."},
      {"b/", "b0", 3, false, "b/1 b/2 b/3 "},             {"b/", "b0", 3, true, "b/3 b/2 b/1 "},
      {"b/2", "", 1, false, "b/2 ..."},                   {"", "b", 1, true, "a "},
      {"a", "a", 9, false, ""},                           {"c", "a", 9, false, ""},
      {"c", "a", 9, true, ""},                            {"x", "y", 9, false, ""},
      {"", "a", 9, true, ""},                             {"", "", 0, false, "a ..."},
  };
  for (const auto& test : cases)
    CHECK_MESSAGE(keys(engine->scan(inbox, {test.from, test.until, test.limit, 1 << 20, test.backwards}, soon())) == test.want,
                  test.from << ".." << test.until << " " << test.limit);
}

void a_page_is_bounded_by_octets(EngineFixture& fixture) {
  const auto engine = fixture.open();
  for (const char* key : {"1", "2", "3"}) REQUIRE(put(*engine, key, std::string(999, 'x')));
  for (const bool backwards : {false, true}) {
    CHECK(engine->scan(inbox, {"", "", 100, 2'000, backwards}, soon())->rows.size() == 2);
    CHECK(engine->scan(inbox, {"", "", 100, 1'999, backwards}, soon())->rows.size() == 1);
    CHECK(engine->scan(inbox, {"", "", 100, 0, backwards}, soon())->rows.size() == 1);
    CHECK(engine->scan(inbox, {"", "", 100, 1'999, backwards}, soon())->more);
    CHECK(!engine->scan(inbox, {"", "", 100, 3'000, backwards}, soon())->more);
  }
  CHECK(engine->scan(inbox, {}, soon())->version == Version(3));
}

void pages_join_to_the_whole(EngineFixture& fixture) {
  const auto engine = fixture.open();
  std::vector<Change> changes;
  for (int i = 0; i < 1'000; ++i) changes.push_back(Put{"k" + big_endian(i, 2), std::to_string(i)});
  REQUIRE(engine->commit(inbox, batch(changes), Durability::Lazy, soon()));
  Scan next{"", "", 7, 1 << 20, false};
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const auto page = engine->scan(inbox, next, soon());
    REQUIRE(page);
    for (const auto& row : page->rows) CHECK(row.value == std::to_string(seen++));
    more = page->more;
    if (more) next.from = page->rows.back().key + '\0';
  }
  CHECK(seen == 1'000);
}

void erases_ranges(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto erase = [&](const char* from, const char* until) {
    REQUIRE(engine->commit(inbox, batch({EraseRange{from, until}}), Durability::Flushed, soon()));
    return keys(engine->scan(inbox, {}, soon()));
  };
  fill(*engine);
  CHECK(erase("b/1", "b/3") == "a b b/3 b0 c \xff ");
  CHECK(erase("c", "a") == "a b b/3 b0 c \xff ");
  CHECK(erase("b", "b") == "a b b/3 b0 c \xff ");
  CHECK(erase("b0", "") == "a b b/3 ");
  CHECK(erase("", "b") == "b b/3 ");
  CHECK(erase("", "") == "");
}

void what_does_not_exist_is_empty(EngineFixture& fixture) {
  const auto engine = fixture.open();
  CHECK(read(*engine, "a") == "(none)");
  const auto page = engine->scan(inbox, {}, soon());
  REQUIRE(page);
  CHECK(page->rows.empty());
  CHECK(page->version == Version(0));
  CHECK(engine->flush(inbox, soon()));
  CHECK(engine->erase_partition(inbox, soon()));
  CHECK(engine->list_partitions("", soon())->empty());
}

void partitions_are_listed_and_erased(EngineFixture& fixture) {
  const auto engine = fixture.open(), other = fixture.open();
  for (const char* name : {"account/1", "account/10", "account/10/inbox", "directory", "account/2"})
    REQUIRE(engine->commit(PartitionName(name), batch({Put{"k", name}}), Durability::Flushed, soon()));
  const auto list = [&](std::string_view prefix) {
    const auto names = other->list_partitions(prefix, soon());
    std::string all;
    if (names) for (const auto& name : *names) all += name.value() + " ";
    return all;
  };
  CHECK(list("") == "account/1 account/10 account/10/inbox account/2 directory ");
  CHECK(list("account/1") == "account/1 account/10 account/10/inbox ");
  CHECK(list("account/10/") == "account/10/inbox ");
  CHECK(list("x").empty());
  const PartitionName ten("account/10");
  CHECK(read(*other, "k", ten) == "account/10");
  const auto blob = engine->put_blobs(ten, {"body"}, Durability::Flushed, soon())->front();
  REQUIRE(engine->erase_partition(ten, soon()));
  for (auto* who : {engine.get(), other.get()}) {
    CHECK(read(*who, "k", ten) == "(none)");
    CHECK(who->version(ten, soon()) == Version(0));
    CHECK(fails(who->read_blob(ten, blob, 0, 4, soon()), StoreFailure::NotFound));
  }
  CHECK(list("") == "account/1 account/10/inbox account/2 directory ");
  CHECK(read(*other, "k", PartitionName("account/10/inbox")) == "account/10/inbox");
  CHECK(other->commit(ten, batch({Put{"new", "x"}}), Durability::Flushed, soon())->version == Version(1));
  CHECK(read(*engine, "k", ten) == "(none)");
  CHECK(read(*engine, "new", ten) == "x");
}

constexpr ContractTest tests[] = {
    {"scans ranges both ways", scans_ranges_both_ways},
    {"a page is bounded by octets", a_page_is_bounded_by_octets},
    {"pages join to the whole", pages_join_to_the_whole},
    {"erases ranges", erases_ranges},
    {"what does not exist is empty", what_does_not_exist_is_empty},
    {"partitions are listed and erased", partitions_are_listed_and_erased},
};

}  // namespace

std::span<const ContractTest> read_contract() { return tests; }

}  // namespace hikyaku::storage
