#include "storage/file_journal.h"

#include "io/posix_disk.h"
#include "io/simulated_disk.h"
#include "io/test_folder.h"
#include "storage/journal_contract.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {
FileJournalOptions small(std::uint64_t segment_octets = 64 << 10) {
  return {.segment_octets = segment_octets, .reserve_octets = 0, .nonce_seed = 42};
}

class OnSimulatedDisk final : public JournalFixture {
 public:
  explicit OnSimulatedDisk(HeadIndex index) : options_(small()) { options_.index = index; }
  JournalResult<std::unique_ptr<JournalWriter>> open_writer() override {
    return open_file_journal(disk_, "/spool/incoming-1", options_);
  }
  std::unique_ptr<JournalReader> open_reader() override {
    auto reader = open_file_journal_reader(disk_, "/spool/incoming-1", options_);
    REQUIRE(reader);
    return *std::move(reader);
  }
  void fail_next_flush() override { disk_.fail(io::DiskCall::Flush, 1, io::DiskFailure::Broken); }
  void kill() override { disk_.kill(); }

 private:
  io::SimulatedDisk disk_;
  FileJournalOptions options_;
};
}  // namespace

TEST_CASE("file journal: the contract of Journal") {
  journal_contract([] { return std::make_unique<OnSimulatedDisk>(HeadIndex::Written); });
}
TEST_CASE("file journal: the contract of Journal, without an index of heads") {
  journal_contract([] { return std::make_unique<OnSimulatedDisk>(HeadIndex::None); });
}
