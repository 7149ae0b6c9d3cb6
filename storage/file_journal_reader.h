// The reading and releasing end of a file journal. Private to storage/; opened by open_file_journal_reader.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/file_journal.h"
#include "storage/journal_folder.h"
#include "storage/segment_scan.h"

namespace hikyaku::storage {

class FileJournalReader final : public JournalReader {
 public:
  FileJournalReader(io::Disk& disk, std::string_view folder, FileJournalOptions options)
      : folder_(disk, folder), most_open_(options.most_open_segments) {}
  JournalResult<> load();

  JournalResult<Position> durable_end() override;
  JournalResult<HeadsPage> heads(Position from, std::size_t limit) override;
  JournalResult<std::string> body(Position at, std::uint64_t offset, std::uint64_t octets) override;
  std::optional<std::string> body_at_hand(Position at, std::uint64_t octets) override;
  JournalResult<std::string> head(Position at) override;
  JournalResult<BodyChecksum> body_checksum(Position at) override;
  JournalResult<std::vector<SegmentNumber>> finished_segments() override;
  JournalResult<std::vector<SegmentFacts>> segments() override;
  JournalResult<std::vector<SegmentNumber>> missing_segments() override;
  JournalResult<> release(SegmentNumber segment) override;
  [[nodiscard]] std::uint64_t damaged_records() const override { return damaged_; }

 private:
  struct LoadedIndex {
    std::uint64_t number = 0;
    std::string octets;
    std::vector<IndexEntry> entries;  // views into octets
  };
  using FileHandle = std::shared_ptr<io::File>;

  // With mutex_ held:
  JournalResult<> refresh();
  JournalResult<> refresh_until(Position end);  // if the table may not know all up to there
  JournalResult<FileHandle> open_slot(std::uint32_t slot);
  // Gone when it is not there or was released.
  JournalResult<SegmentEntry> entry(SegmentNumber number);
  [[nodiscard]] std::set<std::uint64_t> missing_of_table(const std::optional<PublishedPosition>& published) const;
  [[nodiscard]] std::uint64_t first_that_goes_with(SegmentNumber segment) const;
  JournalResult<> check_generation(io::File& file, const SegmentEntry& entry) const;
  JournalResult<bool> read_heads(const SegmentEntry& entry, std::uint32_t from, std::uint32_t end, std::size_t limit,
                                 HeadsPage& page);
  JournalResult<std::shared_ptr<const LoadedIndex>> index_of(io::File& file, const SegmentEntry& entry);
  // Looks whether an open segment got its footer meanwhile.
  JournalResult<bool> was_sealed(const SegmentEntry& entry);

  struct Found {
    SegmentEntry entry;
    FileHandle file;
    RecordHeader header;
    std::string octets;  // from the record's start on: header, head and perhaps the body
  };
  JournalResult<Found> find(Position at, std::uint64_t octets_wanted);

  const JournalFolder folder_;
  const std::size_t most_open_;
  std::mutex mutex_;
  SegmentTable table_;
  ReleasedSegments released_;
  bool released_is_known_ = true;  // its file could be read
  Position settled_;  // the highest end that a footer tells
  std::unique_ptr<io::File> position_;
  std::list<std::pair<std::uint32_t, FileHandle>> files_;  // most recently used first
  std::shared_ptr<const LoadedIndex> index_;
  std::atomic<std::uint64_t> damaged_{0};
};

}  // namespace hikyaku::storage
