#include "storage/file_journal.h"

#include "io/posix_disk.h"
#include "io/simulated_disk.h"
#include "io/test_folder.h"
#include "storage/journal_contract.h"
#include "storage/segment_format.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {
FileJournalOptions small(std::uint64_t segment_octets = 64 << 10) {
  return {.segment_octets = segment_octets, .reserve_octets = 0, .nonce_seed = 42};
}

class OnRealDisk final : public JournalFixture {
 public:
  JournalResult<std::unique_ptr<JournalWriter>> open_writer() override {
    return open_file_journal(disk_, folder_ / "spool/incoming-1", small());
  }
  std::unique_ptr<JournalReader> open_reader() override {
    return *open_file_journal_reader(disk_, folder_ / "spool/incoming-1", small());
  }
  void fail_next_flush() override {}
  void kill() override {}

 private:
  io::TestFolder folder_;
  io::PosixDisk disk_;
};

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

TEST_CASE("file journal: the rules that need no injected failure, on the real file system") {
  for (const auto rule : {contract::reads_back, contract::write_shows_nothing_before_flush, contract::one_owner,
                          contract::segments_follow_and_are_released, contract::refuses_what_is_too_large}) {
    OnRealDisk fixture;
    rule(fixture);
  }
}

TEST_CASE("file journal: damage below the durable mark is reported and scanned past") {
  for (const bool settled_by_next_owner : {false, true}) {
    CAPTURE(settled_by_next_owner);
    io::SimulatedDisk disk;
    std::vector<Position> at;
    auto writer = *open_file_journal(disk, "j", small());
    for (int i = 0; i < 5; ++i) at.push_back(contract::append(*writer, {{"m" + std::to_string(i), std::string(6'000, 'x')}}).front());
    REQUIRE(disk.damage("j/segment-00001", at[1].offset + 20, 1));      // a head
    REQUIRE(disk.damage("j/segment-00001", at[3].offset + 5'000, 10));  // a body
    if (settled_by_next_owner) {
      disk.kill();
      writer = *open_file_journal(disk, "j", small());
      CHECK(writer->damaged_records() == 1);
    }
    auto reader = *open_file_journal_reader(disk, "j", small());
    CHECK(contract::names(contract::read_all(*reader)) == "m0 m2 m3 m4 ");
    CHECK(reader->body(at[1], 0, 9'999).error().kind == JournalFailure::Damaged);
    CHECK(reader->body(at[3], 0, 9'999).error().kind == JournalFailure::Damaged);
    CHECK(reader->body(at[4], 0, 9'999)->size() == 6'000);
    CHECK(reader->damaged_records() == (settled_by_next_owner ? 0 : 1));  // the new index has left it out
  }
}

TEST_CASE("file journal: a record imitated in a mail's text is not one, even when the scan passes over damage") {
  io::SimulatedDisk disk;
  auto writer = *open_file_journal(disk, "j", small());
  // The best imitation there is: the octets of a real batch, placed where a batch may begin.
  contract::append(*writer, {{"real", "body"}});
  std::string batch(block_octets, '\0');
  REQUIRE((*disk.open("j/segment-00001", io::OpenMode::Read))->read_at(block_octets, batch));
  std::string text(2 * block_octets - record_header_octets - 4, 'x');
  const auto at = contract::append(*writer, {{"evil", text.substr(0, block_octets - record_header_octets - 4) + batch}}).front();
  contract::append(*writer, {{"last", ""}});
  REQUIRE(disk.damage("j/segment-00001", at.offset, 8));
  auto reader = *open_file_journal_reader(disk, "j", small());
  CHECK(contract::names(contract::read_all(*reader)) == "real last ");
  CHECK(reader->damaged_records() == 1);
}

TEST_CASE("file journal: the pool grows with a backlog and shrinks after it") {
  io::SimulatedDisk disk;
  auto writer = *open_file_journal(disk, "j", small(32 << 10));
  auto reader = *open_file_journal_reader(disk, "j", small(32 << 10));
  const std::string body(10'000, 'x');
  for (int i = 0; i < 60; ++i) {
    contract::append(*writer, {{"m", body}});
    REQUIRE(writer->tend_pool());
  }
  CHECK(writer->usage().segments >= 20);
  for (const auto segment : *reader->finished_segments()) REQUIRE(reader->release(segment));
  for (int i = 0; i < 3; ++i) REQUIRE(writer->tend_pool());
  CHECK(writer->usage().spare_segments == 2);
  CHECK(writer->usage().octets_on_disk <= 4 * (32 << 10));
  CHECK(disk.used_octets() <= 5 * (32 << 10));
}

TEST_CASE("file journal: a lost or rotten position only hides the open segment until the next owner") {
  io::SimulatedDisk disk;
  auto writer = *open_file_journal(disk, "j", small());
  contract::append(*writer, {{"sealed", ""}});
  REQUIRE(writer->seal());
  contract::append(*writer, {{"open", ""}});
  REQUIRE(disk.damage("j/position", 0, 40));
  CHECK(contract::names(contract::read_all(**open_file_journal_reader(disk, "j", small()))) == "sealed ");
  disk.kill();
  REQUIRE(settle_file_journal(disk, "j", small()));
  CHECK(contract::names(contract::read_all(**open_file_journal_reader(disk, "j", small()))) == "sealed open ");
}

TEST_CASE("file journal: a segment whose file was taken away is named, as long as nobody released it; none is that goes as it should") {
  const std::string body(10'000, 'x');
  const auto numbers = [](JournalReader& reader) {
    std::vector<std::uint64_t> all;
    for (const auto number : *reader.missing_segments()) all.push_back(number.value());
    return all;
  };
  io::SimulatedDisk disk;
  auto writer = *open_file_journal(disk, "j", small(32 << 10));
  auto reader = *open_file_journal_reader(disk, "j", small(32 << 10));
  CHECK(numbers(*reader).empty());
  for (int i = 0; i < 20; ++i) {
    contract::append(*writer, {{"m" + std::to_string(i), body}});
    REQUIRE(writer->tend_pool());
    if (i % 6 == 5) REQUIRE(reader->release(reader->finished_segments()->front()));  // given back, used again, removed
    CHECK(numbers(*reader).empty());
  }
  for (const auto segment : *reader->finished_segments()) REQUIRE(reader->release(segment));
  for (int i = 0; i < 3; ++i) REQUIRE(writer->tend_pool());
  CHECK(numbers(*reader).empty());
  for (int i = 20; i < 30; ++i) contract::append(*writer, {{"m" + std::to_string(i), body}});
  const auto finished = *reader->finished_segments();
  REQUIRE(finished.size() >= 3);
  const auto file_of = [&](std::uint64_t number) {
    for (const auto& name : *disk.list("j")) {
      if (!name.starts_with("segment-")) continue;
      std::string block(512, '\0');
      REQUIRE((*disk.open("j/" + name, io::OpenMode::Read))->read_at(0, block));
      if (const auto header = parse_segment_header(block); header && header->number == number) return "j/" + name;
    }
    return std::string();
  };
  REQUIRE(disk.remove(file_of(finished[1].value())));
  CHECK(numbers(*reader) == std::vector{finished[1].value()});
  // The last one, which no successor names.
  const auto last = reader->durable_end()->segment.value();
  REQUIRE(disk.remove(file_of(last)));
  disk.kill();
  writer.reset();
  reader = *open_file_journal_reader(disk, "j", small(32 << 10));
  CHECK(numbers(*reader) == std::vector{finished[1].value(), last});
  writer = *open_file_journal(disk, "j", small(32 << 10));
  contract::append(*writer, {{"next", body}});
  CHECK(numbers(*reader) == std::vector{finished[1].value(), last});
  REQUIRE(reader->release(finished[1]));
  CHECK(numbers(*reader) == std::vector{last});
  // Nothing is known without the file that says what was released.
  REQUIRE(disk.damage("j/released", 0, 40));
  CHECK(numbers(**open_file_journal_reader(disk, "j", small(32 << 10))).empty());
}

TEST_CASE("file journal: what was taken away is read when it is put back, whatever was released meanwhile") {
  const std::string body(10'000, 'x');
  for (const bool another_owner : {false, true}) {
    CAPTURE(another_owner);
    io::SimulatedDisk disk;
    auto writer = *open_file_journal(disk, "j", small(32 << 10));
    auto reader = *open_file_journal_reader(disk, "j", small(32 << 10));
    for (int i = 0; i < 12; ++i) contract::append(*writer, {{"m" + std::to_string(i), body}});
    const auto finished = *reader->finished_segments();
    REQUIRE(finished.size() >= 4);
    REQUIRE(disk.rename("j/segment-00001", "away"));
    for (std::size_t i = 1; i < finished.size(); ++i) REQUIRE(reader->release(finished[i]));
    if (another_owner) {
      disk.kill();
      writer.reset();
      writer = *open_file_journal(disk, "j", small(32 << 10));
      contract::append(*writer, {{"next", body}});
    }
    writer.reset();
    REQUIRE(disk.rename("away", "j/segment-00001"));
    reader = *open_file_journal_reader(disk, "j", small(32 << 10));
    const auto found = contract::names(contract::read_all(*reader));
    CHECK_MESSAGE(found.starts_with("m0 "), found);
    writer = *open_file_journal(disk, "j", small(32 << 10));
    for (int i = 0; i < 3; ++i) REQUIRE(writer->tend_pool());
    CHECK(contract::names(contract::read_all(*reader)).starts_with("m0 "));
  }
}
