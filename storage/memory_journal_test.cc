#include "storage/memory_journal.h"

#include "storage/journal_contract.h"

using namespace hikyaku::storage;

namespace {
class Fixture final : public JournalFixture {
 public:
  JournalResult<std::unique_ptr<JournalWriter>> open_writer() override { return store_->open_writer(); }
  std::unique_ptr<JournalReader> open_reader() override { return store_->open_reader(); }
  void fail_next_flush() override { store_->fail_flush(1, JournalFailure::FlushFailed); }
  void kill() override { store_->kill_owner(); }

 private:
  std::shared_ptr<MemoryJournal> store_ = MemoryJournal::make({.segment_octets = 64 << 10});
};
}  // namespace

TEST_CASE("memory journal: the contract of Journal") {
  journal_contract([] { return std::make_unique<Fixture>(); });
}

TEST_CASE("memory journal: full, until segments are released") {
  auto store = MemoryJournal::make({.segment_octets = 4096, .most_segments = 2});
  auto writer = *store->open_writer();
  const std::string body(3000, 'x');
  const Record record[] = {{"h", {body}}};
  REQUIRE(writer->append(record));
  REQUIRE(writer->append(record));
  CHECK(writer->append(record).error().kind == JournalFailure::NoSpace);
  REQUIRE(store->open_reader()->release(SegmentNumber{1}));
  CHECK(writer->tend_pool()->size() == 1);
  CHECK(writer->append(record));
}
