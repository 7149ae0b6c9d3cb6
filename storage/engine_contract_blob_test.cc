// The contract of blobs.
#include "storage/engine_contract.h"

namespace hikyaku::storage {
namespace {

std::string pattern(std::size_t octets, char first) {
  std::string out(octets, '\0');
  for (std::size_t i = 0; i < octets; ++i) out[i] = static_cast<char>(first + static_cast<char>(i % 97));
  return out;
}

void many_bodies_in_one_put(EngineFixture& fixture) {
  const auto engine = fixture.open(), other = fixture.open();
  const std::vector<std::string> bodies = {"a", "", pattern(511, 'b'), pattern(512, 'c'), pattern(513, 'd'), pattern(300'000, 'e')};
  const std::vector<std::string_view> views(bodies.begin(), bodies.end());
  for (const auto durability : {Durability::Flushed, Durability::Lazy}) {
    const auto ids = engine->put_blobs(inbox, views, durability, soon());
    REQUIRE(ids);
    REQUIRE(ids->size() == bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      CHECK(ids->at(i).value().size() <= 64);
      CHECK(other->read_blob(inbox, ids->at(i), 0, 1 << 20, soon()) == bodies[i]);
      CHECK(other->verify_blob(inbox, ids->at(i), soon()));
    }
  }
  CHECK(engine->put_blobs(inbox, {}, Durability::Flushed, soon())->empty());
  CHECK(engine->flush(inbox, soon()));
  CHECK(engine->version(inbox, soon()) == Version(0));
}

void ranges_are_read(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto body = pattern(10'000, 'x');
  const auto id = engine->put_blobs(inbox, {"before", body, "after"}, Durability::Flushed, soon())->at(1);
  const std::pair<std::uint64_t, std::uint64_t> ranges[] = {{0, 0}, {0, 1}, {0, 10'000}, {0, 10'001}, {1, 4'096}, {9'999, 1},
                                                            {9'999, 2}, {10'000, 1}, {10'001, 1}, {~0ULL, ~0ULL}, {5, ~0ULL}};
  for (const auto& [offset, octets] : ranges) {
    const auto want = offset >= body.size() ? std::string{} : body.substr(offset, octets);
    CHECK_MESSAGE(engine->read_blob(inbox, id, offset, octets, soon()) == want, offset << "+" << octets);
  }
}

void an_erased_blob_is_gone_and_its_neighbours_are_not(EngineFixture& fixture) {
  const auto engine = fixture.open(), other = fixture.open();
  const auto large = pattern(20'000, 'l');
  const auto ids = *engine->put_blobs(inbox, {"left", large, "right"}, Durability::Flushed, soon());
  CHECK(other->read_blob(inbox, ids[1], 0, 4, soon()) == large.substr(0, 4));
  REQUIRE(engine->erase_blob(inbox, ids[1], soon()));
  for (auto* who : {engine.get(), other.get()}) {
    CHECK(fails(who->read_blob(inbox, ids[1], 0, 4, soon()), StoreFailure::NotFound));
    CHECK(fails(who->verify_blob(inbox, ids[1], soon()), StoreFailure::NotFound));
    CHECK(fails(who->erase_blob(inbox, ids[1], soon()), StoreFailure::NotFound));
    CHECK(who->read_blob(inbox, ids[0], 0, 9, soon()) == "left");
    CHECK(who->read_blob(inbox, ids[2], 0, 9, soon()) == "right");
  }
  const auto more = *other->put_blobs(inbox, {"more"}, Durability::Flushed, soon());
  CHECK(more[0] != ids[1]);
  CHECK(engine->read_blob(inbox, more[0], 0, 9, soon()) == "more");
}

void a_name_nobody_gave_is_not_found(EngineFixture& fixture) {
  const auto engine = fixture.open();
  const auto id = engine->put_blobs(inbox, {"body"}, Durability::Flushed, soon())->front();
  std::vector<BlobId> strangers{BlobId(""), BlobId("x"), BlobId(std::string(64, '\xff')), BlobId(id.value() + "0")};
  auto changed = id.value();
  changed.front() = static_cast<char>(changed.front() ^ 1);
  strangers.emplace_back(changed);
  for (const auto& stranger : strangers) {
    CHECK(fails(engine->read_blob(inbox, stranger, 0, 4, soon()), StoreFailure::NotFound));
    CHECK(fails(engine->verify_blob(inbox, stranger, soon()), StoreFailure::NotFound));
    CHECK(fails(engine->erase_blob(inbox, stranger, soon()), StoreFailure::NotFound));
  }
  CHECK(fails(engine->read_blob(PartitionName("account/43"), id, 0, 4, soon()), StoreFailure::NotFound));
}

void blobs_are_listed_between_marks(EngineFixture& fixture) {
  const auto engine = fixture.open(), other = fixture.open();
  const auto list = [&](const BlobMark& from, const BlobMark& until, std::uint32_t at_once) {
    std::vector<BlobId> all;
    BlobPage page{{}, from, true};
    while (page.more) {
      auto next = other->list_blobs(inbox, page.next, until, at_once, soon());
      REQUIRE(next);
      CHECK(next->blobs.size() <= at_once);
      all.insert(all.end(), next->blobs.begin(), next->blobs.end());
      page = std::move(*next);
    }
    return all;
  };
  const auto nothing = engine->blob_mark(inbox, soon());
  REQUIRE(nothing);
  CHECK(list(BlobMark{}, *nothing, 10).empty());
  const std::vector<std::string> bodies = {"a", "", pattern(480, 'b'), pattern(481, 'c'), pattern(9'000, 'd'), "f"};
  auto ids = *engine->put_blobs(inbox, {bodies.begin(), bodies.end()}, Durability::Flushed, soon());
  const auto middle = *other->blob_mark(inbox, soon());
  const auto later = *other->put_blobs(inbox, {"x", pattern(70'000, 'y'), "z"}, Durability::Lazy, soon());
  const auto end = *engine->blob_mark(inbox, soon());
  for (const std::uint32_t at_once : {1U, 2U, 100U}) {
    CHECK(list(BlobMark{}, middle, at_once) == ids);
    CHECK(list(middle, end, at_once) == later);
    CHECK(list(end, end, at_once).empty());
  }
  REQUIRE(engine->erase_blob(inbox, ids[4], soon()));
  REQUIRE(engine->erase_blob(inbox, later[1], soon()));
  ids.erase(ids.begin() + 4);
  ids.push_back(later[0]), ids.push_back(later[2]);
  CHECK(list(BlobMark{}, end, 2) == ids);
  for (const auto& id : ids) CHECK(engine->verify_blob(inbox, id, soon()));
  CHECK(engine->list_blobs(PartitionName("account/43"), BlobMark{}, end, 5, soon())->blobs.empty());
}

constexpr ContractTest tests[] = {
    {"many bodies in one put", many_bodies_in_one_put},
    {"ranges are read", ranges_are_read},
    {"an erased blob is gone and its neighbours are not", an_erased_blob_is_gone_and_its_neighbours_are_not},
    {"a name nobody gave is not found", a_name_nobody_gave_is_not_found},
    {"blobs are listed between marks", blobs_are_listed_between_marks},
};

}  // namespace

std::span<const ContractTest> blob_contract() { return tests; }

}  // namespace hikyaku::storage
