// The writing end of a file journal. Private to storage/; opened by open_file_journal.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "storage/file_journal.h"
#include "storage/segment_pool.h"

namespace hikyaku::storage {

class FileJournalWriter final : public JournalWriter {
 public:
  FileJournalWriter(io::Disk& disk, std::string_view folder, FileJournalOptions options);
  ~FileJournalWriter() override;
  // Lock, token, settling of what the last owner left. Once, before anything else.
  JournalResult<> take_over();

  JournalResult<std::vector<Position>> append(std::span<const Record> group) override;
  JournalResult<std::vector<Position>> write(std::span<const Record> group) override;
  JournalResult<> flush() override;
  JournalResult<> seal() override;
  JournalResult<std::vector<SegmentNumber>> tend_pool() override;
  JournalResult<> close() override;
  [[nodiscard]] std::uint64_t largest_group() const override;
  [[nodiscard]] std::uint64_t fencing_token() const override { return token_; }
  [[nodiscard]] std::uint64_t segment_seed() const override { return seed_; }
  [[nodiscard]] std::uint64_t flush_count() const override { return flushes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t damaged_records() const override { return damaged_; }
  [[nodiscard]] JournalUsage usage() const override { return pool_.usage(); }

 private:
  struct Open {  // the segment that is being written
    std::uint32_t slot = 0;
    std::unique_ptr<io::File> file;
    SegmentHeader header;
    std::uint32_t durable_end = block_octets;
    std::uint32_t end = block_octets;  // durable_end, or beyond it what was written and not flushed
    bool in_batch = false;
    std::uint32_t records = 0;
    std::string index;
  };

  [[nodiscard]] bool fits(std::span<const Record> group) const;
  JournalResult<> open_next();
  JournalResult<> flush_file(io::File& file);
  // The segment is final as far as it was flushed; the next header says so.
  void abandon();
  void publish();
  std::uint64_t draw_nonce();

  const FileJournalOptions options_;
  const JournalFolder folder_;
  SegmentPool pool_;
  std::unique_ptr<io::File> lock_, position_;
  std::unique_ptr<Open> open_;
  std::atomic<bool> closed_ = true;
  std::uint64_t token_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t previous_ = 0;  // the last segment with records or a footer
  std::uint32_t previous_end_ = 0;
  std::uint64_t nonce_state_;
  std::uint64_t seed_ = 0;
  std::atomic<std::uint64_t> flushes_{0};
  StreamingChecksum body_sum_;
  std::string scratch_;
  std::vector<std::string_view> parts_;
};

}  // namespace hikyaku::storage
