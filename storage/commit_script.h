// CommitScript: what the fault and power-cut tests do to an engine, and what must be true afterwards whatever happened.
// Commit i puts a row "c" + i and a numbered row whose number the engine gives out; its body is a blob. So the rows
// that are there say exactly which commits happened.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "base/wire.h"
#include "storage/engine_contract.h"

namespace hikyaku::storage {

class CommitScript {
 public:
  explicit CommitScript(std::uint64_t seed) : random_(seed) {}

  // Up to `commits` more commits of random durability, each repeated with its request id until it succeeds; gives up
  // after some tries in a row that did not. Now and then a flush, or a group.
  void run(Engine& engine, int commits) {
    for (int i = 0; i < commits; ++i)
      if (!next_commit(engine)) return;
  }

  // Everything acknowledged as durable is there; what is there is a prefix of what was tried; each commit happened once.
  void verify(Engine& engine) {
    const auto version = engine.version(inbox, soon());
    REQUIRE_MESSAGE(version, version.error().what);
    const auto there = version->value();
    CHECK(there >= durable_);
    CHECK(there <= tried_);
    const auto page = engine.scan(inbox, {"c", "d", 10'000, 8 << 20, false}, soon());
    REQUIRE_MESSAGE(page, page.error().what);
    REQUIRE_MESSAGE(page->rows.size() == there, page->rows.size() << " rows at version " << there);
    for (std::uint64_t i = 1; i <= there; ++i) CHECK((page->rows[i - 1].key == "c" + big_endian(i, 4)));
    const auto numbers = engine.scan(inbox, {"u", "v", 10'000, 8 << 20, false}, soon());
    REQUIRE(numbers);
    REQUIRE(numbers->rows.size() == there);
    for (std::uint64_t i = 1; i <= there; ++i) CHECK((numbers->rows[i - 1].key == "u" + big_endian(i, 4)));
    if (there > 0) CHECK(read(engine, "next") == WireWriter{}.u64(there).bytes());
    for (const auto& [number, blob] : durable_blobs_) {
      CHECK((number <= there && numbers->rows[number - 1].value == blob));
      const auto whole = engine.verify_blob(inbox, BlobId(blob), soon());
      WireReader place(blob);
      CHECK_MESSAGE(whole, number << ": pack " << place.varint() << " offset " << place.varint() << " " << (whole ? "" : whole.error().what));
    }
    // What was lost may be done again, under new request ids.
    tried_ = done_ = there;
    open_.reset();
    ++life_;
    pending_blobs_.clear();
  }
  [[nodiscard]] std::uint64_t durable() const { return durable_; }

 private:
  bool one_commit(Engine& engine) {
    const auto durability = random_() % 2 == 0 ? Durability::Flushed : Durability::Lazy;
    const std::string body(random_() % 3'000, static_cast<char>('a' + random_() % 26));
    const auto blobs = engine.put_blobs(inbox, {body}, durability, soon());
    if (!blobs) return false;
    const auto blob = blobs->front().value();
    const auto i = tried_ + 1;
    open_ = batch({Put{"c" + big_endian(i, 4), blob}, Allocate{"next", 1, {{"u....", blob, {{1, 4}}, {}, 0}}}},
                  std::to_string(life_) + "-" + std::to_string(i));
    open_durability_ = durability;
    open_blob_ = blob;
    ++tried_;
    return settle(engine);
  }

  // What is left over from a commit that did not succeed comes first.
  bool next_commit(Engine& engine) {
    for (int tries = 0; tries < 5; ++tries)
      if (open_ ? settle(engine) : one_commit(engine)) return true;
    return false;
  }

  bool settle(Engine& engine) {
    const auto outcome = engine.commit(inbox, *open_, open_durability_, soon());
    if (!outcome) {
      CHECK(outcome.error().kind != StoreFailure::Conflict);
      return false;
    }
    CHECK(outcome->version == Version(tried_));
    CHECK(outcome->first_allocated == std::vector<std::uint64_t>{tried_});
    done_ = tried_;
    pending_blobs_[done_] = open_blob_;
    open_.reset();
    if (open_durability_ == Durability::Flushed) {
      durable_ = done_;
      durable_blobs_[done_] = open_blob_;  // a lazy one's body may be behind its record: only flush() makes it durable
      pending_blobs_.erase(done_);
    }
    if (random_() % 8 == 0 && engine.flush(inbox, soon())) {
      durable_ = done_;
      durable_blobs_.merge(pending_blobs_);
      pending_blobs_.clear();
    }
    return true;
  }

  std::mt19937_64 random_;
  std::uint64_t tried_ = 0, done_ = 0, durable_ = 0, life_ = 0;
  std::optional<Batch> open_;
  Durability open_durability_ = Durability::Flushed;
  std::string open_blob_;
  std::map<std::uint64_t, std::string> pending_blobs_, durable_blobs_;
};

}  // namespace hikyaku::storage
