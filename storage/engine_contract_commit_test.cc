// The contract of commits: order, expectations, isolation inside a group, repetition, limits, deadlines.
#include "storage/engine_contract.h"

namespace hikyaku::storage {
namespace {

void changes_apply_in_order_and_raise_the_version(EngineFixture& fixture) {
  const auto engine = fixture.open();
  CHECK(engine->version(inbox, soon()) == Version(0));
  const auto first = engine->commit(inbox, batch({Put{"a", "1"}, Put{"b", "2"}, Erase{"a"}, Put{"b", "3"}}), Durability::Flushed, soon());
  REQUIRE(first);
  CHECK(first->version == Version(1));
  CHECK(!first->repeated);
  CHECK(read(*engine, "a") == "(none)");
  CHECK(read(*engine, "b") == "3");
  CHECK(put(*engine, "c", "", Durability::Lazy)->version == Version(2));
  CHECK(read(*engine, "c").empty());
  CHECK(engine->commit(inbox, batch({}), Durability::Lazy, soon())->version == Version(3));
  CHECK(engine->version(inbox, soon()) == Version(3));
  CHECK(engine->version(PartitionName("account/43"), soon()) == Version(0));
}

void keys_and_values_are_any_octets(EngineFixture& fixture) {
  const auto engine = fixture.open();
  std::string octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  REQUIRE(put(*engine, octets, octets));
  CHECK(read(*engine, octets) == octets);
  CHECK(read(*engine, octets.substr(0, 255)) == "(none)");
}

void an_expectation_that_fails_changes_nothing(EngineFixture& fixture) {
  const auto engine = fixture.open();
  REQUIRE(put(*engine, "a", "1"));
  const std::vector<std::vector<Change>> bad = {
      {ExpectVersion{Version(0)}, Put{"a", "x"}},
      {ExpectVersion{Version(2)}, Put{"a", "x"}},
      {ExpectValue{"a", std::nullopt}, Put{"a", "x"}},
      {ExpectValue{"a", "2"}, Put{"a", "x"}},
      {ExpectValue{"a", ""}, Put{"a", "x"}},
      {ExpectValue{"b", ""}, Put{"a", "x"}},
      {Put{"a", "x"}, Put{"b", "x"}, Add{"n", 1}, Allocate{"uid", 1, {}}, ExpectValue{"a", "1"}},
      {EraseRange{"", ""}, ExpectValue{"a", "1"}},
  };
  for (const auto& changes : bad)
    CHECK(fails(engine->commit(inbox, batch(changes), Durability::Flushed, soon()), StoreFailure::Conflict));
  CHECK(engine->version(inbox, soon()) == Version(1));
  CHECK(keys(engine->scan(inbox, {}, soon())) == "a ");
  CHECK(read(*engine, "a") == "1");
  const std::vector<std::vector<Change>> good = {
      {ExpectVersion{Version(1)}, ExpectValue{"a", "1"}, ExpectValue{"b", std::nullopt}, Put{"a", "2"}, ExpectValue{"a", "2"}},
      {ExpectVersion{Version(2)}, Erase{"a"}, ExpectValue{"a", std::nullopt}},
  };
  for (const auto& changes : good) CHECK(engine->commit(inbox, batch(changes), Durability::Flushed, soon()));
}

void a_conflict_does_not_spoil_its_neighbours(EngineFixture& fixture) {
  const auto engine = fixture.open();
  std::vector<Batch> group;
  group.push_back(batch({Put{"a", "1"}}));
  group.push_back(batch({Put{"a", "bad"}, Put{"lost", "x"}, ExpectValue{"never", "there"}}));
  group.push_back(batch({ExpectValue{"a", "1"}, Put{"b", "2"}}));
  group.push_back(batch({Put{"text", "not a counter"}, Put{"lost", "x"}, Add{"text", 1}}));
  group.push_back(batch({ExpectVersion{Version(2)}, Put{"c", "3"}}));
  group.push_back(batch({ExpectVersion{Version(0)}, Put{"lost", "x"}}));
  group.push_back(batch({Put{std::string(513, 'k'), "x"}}));
  const auto outcomes = engine->commit_group(inbox, group, Durability::Flushed, soon());
  REQUIRE(outcomes.size() == 7);
  CHECK(outcomes[0]->version == Version(1));
  CHECK(fails(outcomes[1], StoreFailure::Conflict));
  CHECK(outcomes[2]->version == Version(2));
  CHECK(fails(outcomes[3], StoreFailure::Broken));
  CHECK(outcomes[4]->version == Version(3));
  CHECK(fails(outcomes[5], StoreFailure::Conflict));
  CHECK(fails(outcomes[6], StoreFailure::Refused));
  CHECK(keys(engine->scan(inbox, {}, soon())) == "a b c ");
  CHECK(read(*engine, "a") == "1");
  CHECK(engine->version(inbox, soon()) == Version(3));
  CHECK(engine->commit_group(inbox, {}, Durability::Flushed, soon()).empty());
}

void a_repeated_request_answers_its_first_outcome(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto deliver = batch({Allocate{"uid", 2, {}}, Allocate{"modseq", 1, {}}, Add{"count", 1}}, "request-1");
  const auto first = engine->commit(inbox, deliver, Durability::Lazy, soon());
  REQUIRE(first);
  CHECK(first->first_allocated == std::vector<std::uint64_t>{1, 1});
  REQUIRE(put(*engine, "other", "x"));
  const auto other_engine = fixture.open();
  for (const auto* who : {engine.get(), other_engine.get()}) {
    const auto again = const_cast<Engine*>(who)->commit(inbox, deliver, Durability::Flushed, soon());
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->version == first->version);
    CHECK(again->first_allocated == first->first_allocated);
  }
  const auto twice = engine->commit_group(inbox, {batch({Add{"count", 1}}, "request-2"), batch({Add{"count", 1}}, "request-2")}, Durability::Flushed, soon());
  CHECK(!twice[0]->repeated);
  CHECK(twice[1]->repeated);
  CHECK(twice[1]->version == twice[0]->version);
  CHECK(read(*engine, "count")[0] == 2);
  CHECK(engine->version(inbox, soon()) == Version(3));
}

void a_conflict_is_not_remembered(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto careful = batch({ExpectValue{"a", "1"}, Put{"b", "2"}}, "careful");
  CHECK(fails(engine->commit(inbox, careful, Durability::Flushed, soon()), StoreFailure::Conflict));
  REQUIRE(put(*engine, "a", "1"));
  const auto second = engine->commit(inbox, careful, Durability::Flushed, soon());
  REQUIRE(second);
  CHECK(!second->repeated);
}

void request_ids_are_kept_within_their_bound(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto bound = engine->limits().remembered_requests;
  REQUIRE(engine->commit(inbox, batch({Add{"count", 1}}, "first"), Durability::Lazy, soon()));
  const auto fill_up = [&](std::uint32_t commits) {
    for (std::uint32_t done = 0; done < commits;) {
      std::vector<Batch> group;
      while (group.size() < 256 && done < commits) group.push_back(batch({Put{"x", ""}}, "r" + std::to_string(done++)));
      for (const auto& outcome : engine->commit_group(inbox, group, Durability::Lazy, soon())) REQUIRE(outcome);
    }
  };
  fill_up(bound - 1);
  CHECK(engine->commit(inbox, batch({Add{"count", 1}}, "first"), Durability::Lazy, soon())->repeated);
  REQUIRE(put(*engine, "x", ""));
  CHECK(!engine->commit(inbox, batch({Add{"count", 1}}, "first"), Durability::Lazy, soon())->repeated);
}

void what_exceeds_the_limits_is_refused(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto& limits = engine->limits();
  const std::string long_key(limits.key_octets + 1, 'k'), long_value(limits.value_octets + 1, 'v');
  std::vector<Change> many(limits.batch_changes + 1, Erase{"x"});
  std::vector<Change> large;
  for (std::uint32_t octets = 0; octets <= limits.batch_octets; octets += limits.value_octets)
    large.push_back(Put{"x", std::string(limits.value_octets, 'v')});
  const std::vector<std::vector<Change>> bad = {
      {Put{"", "x"}}, {Erase{""}}, {Add{"", 1}}, {ExpectValue{"", "x"}}, {Put{long_key, "x"}}, {Put{"x", long_value}},
      {Erase{long_key}}, {EraseRange{long_key, ""}}, {EraseRange{"", long_key}}, {ExpectValue{"x", long_value}}, many, large,
      {Allocate{"uid", 0, {}}}, {Allocate{"", 1, {}}}, {Allocate{"uid", 1, {{long_key, "", {}, {}, 0}}}},
      {Allocate{"uid", 1, {{"k", "", {}, {}, 1}}}}, {Allocate{"uid", 1, {{"k", "", {{0, 2}}, {}, 0}}}},
      {Allocate{"uid", 1, {{"k", "", {{2, 1}}, {}, 0}}}}, {Allocate{"uid", 1, {{"k", "123456789", {}, {{0, 9}}, 0}}}},
      {Allocate{"uid", 1, {{"k", "12", {}, {{0, 0}}, 0}}}}, {Allocate{"uid", 1, {{"k", "12345678", {}, {{1, 8}}, 0}}}},
      {Allocate{"uid", 1, {{"k", "12345678", {}, {{0xffffffff, 1}}, 0}}}},
  };
  for (std::size_t i = 0; i < bad.size(); ++i)
    CHECK_MESSAGE(fails(engine->commit(inbox, batch(bad[i]), Durability::Flushed, soon()), StoreFailure::Refused), i);
  CHECK(fails(engine->commit(inbox, batch({}, std::string(65, 'r')), Durability::Flushed, soon()), StoreFailure::Refused));
  const auto group = engine->commit_group(inbox, std::vector<Batch>(limits.group_batches + 1), Durability::Flushed, soon());
  REQUIRE(group.size() == limits.group_batches + 1);
  CHECK(fails(group.back(), StoreFailure::Refused));
  CHECK(engine->version(inbox, soon()) == Version(0));
  CHECK(put(*engine, std::string(limits.key_octets, 'k'), std::string(limits.value_octets, 'v')));
  CHECK(engine->commit(inbox, batch({}, std::string(64, 'r')), Durability::Flushed, soon()));
}

void bad_names_are_refused_everywhere(EngineFixture& fixture) {
  const auto engine = fixture.open();
  for (const std::string bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../etc", "a/.hidden", "A", "a b", "a\n", "é",
                                "index.sqlite", "a/index.sqlite-wal", "index.lock", "a/pack-1", "a\\b", "a:b", "a*"}) {
    const PartitionName name(bad);
    CHECK_MESSAGE(fails(engine->commit(name, batch({}), Durability::Lazy, soon()), StoreFailure::Refused), bad);
    CHECK(fails(engine->get(name, "k", soon()), StoreFailure::Refused));
    CHECK(fails(engine->scan(name, {}, soon()), StoreFailure::Refused));
    CHECK(fails(engine->version(name, soon()), StoreFailure::Refused));
    CHECK(fails(engine->flush(name, soon()), StoreFailure::Refused));
    CHECK(fails(engine->put_blobs(name, {"b"}, Durability::Lazy, soon()), StoreFailure::Refused));
    CHECK(fails(engine->erase_partition(name, soon()), StoreFailure::Refused));
    CHECK(fails(engine->take_lease(bad, std::chrono::seconds{1}, soon()), StoreFailure::Refused));
  }
  CHECK(fails(engine->get(PartitionName(std::string(201, 'a')), "k", soon()), StoreFailure::Refused));
  const std::string longest(200, 'a');
  for (const std::string_view good : std::initializer_list<std::string_view>{"a", "a/b", "pack-", "pack-rat", "index", "a..b", "x@example.jp/=1_2-3", longest.c_str()})
    CHECK_MESSAGE(engine->commit(PartitionName(std::string(good)), batch({Put{"k", "v"}}), Durability::Lazy, soon()), good);
}

void a_deadline_that_has_passed_is_a_timeout(EngineFixture& fixture) {
  const auto engine = fixture.open();
  REQUIRE(put(*engine, "a", "1"));
  const auto blob = engine->put_blobs(inbox, {"body"}, Durability::Flushed, soon())->front();
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds{1};
  CHECK(fails(engine->commit(inbox, batch({Put{"a", "2"}}), Durability::Flushed, past), StoreFailure::Timeout));
  CHECK(fails(engine->get(inbox, "a", past), StoreFailure::Timeout));
  CHECK(fails(engine->scan(inbox, {}, past), StoreFailure::Timeout));
  CHECK(fails(engine->version(inbox, past), StoreFailure::Timeout));
  CHECK(fails(engine->flush(inbox, past), StoreFailure::Timeout));
  CHECK(fails(engine->put_blobs(inbox, {"b"}, Durability::Flushed, past), StoreFailure::Timeout));
  CHECK(fails(engine->read_blob(inbox, blob, 0, 9, past), StoreFailure::Timeout));
  CHECK(fails(engine->verify_blob(inbox, blob, past), StoreFailure::Timeout));
  CHECK(fails(engine->erase_blob(inbox, blob, past), StoreFailure::Timeout));
  CHECK(fails(engine->erase_partition(inbox, past), StoreFailure::Timeout));
  CHECK(fails(engine->list_partitions("", past), StoreFailure::Timeout));
  CHECK(read(*engine, "a") == "1");
  CHECK(engine->get(inbox, "a", Deadline::max()));
}

constexpr ContractTest tests[] = {
    {"changes apply in order and raise the version", changes_apply_in_order_and_raise_the_version},
    {"keys and values are any octets", keys_and_values_are_any_octets},
    {"an expectation that fails changes nothing", an_expectation_that_fails_changes_nothing},
    {"a conflict does not spoil its neighbours", a_conflict_does_not_spoil_its_neighbours},
    {"a repeated request answers its first outcome", a_repeated_request_answers_its_first_outcome},
    {"a conflict is not remembered", a_conflict_is_not_remembered},
    {"request ids are kept within their bound", request_ids_are_kept_within_their_bound},
    {"what exceeds the limits is refused", what_exceeds_the_limits_is_refused},
    {"bad names are refused everywhere", bad_names_are_refused_everywhere},
    {"a deadline that has passed is a timeout", a_deadline_that_has_passed_is_a_timeout},
};

}  // namespace

std::span<const ContractTest> commit_contract() { return tests; }

}  // namespace hikyaku::storage
