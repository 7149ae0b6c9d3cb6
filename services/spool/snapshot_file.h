// The snapshot beside the delivery log, format 2: a magic word, then blocks, each with its length and checksum and packed
// with zstd, so that it is written and read in parts however large the queue is. The last block says how many there are.
// Format 1 (one checksummed list of log records) is read by delivery_log.cc and written no more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/disk.h"
#include "services/spool/message.h"

namespace hikyaku::spool {

enum class BlockKind : std::uint8_t {
  Header = 'h',    // the newest log segment it covers
  Incoming = 'i',  // log records: what is settled in incoming
  Holding = 'p',   // HeldTable::pack
  HoldingRows = 'd',  // as first written in this format: HeldTable::unpack_rows
  End = 'e',       // how many blocks came before
};

// Writes beside the old file; finish() puts it in its place. Dropped before: the old one stays.
class SnapshotWriter {
 public:
  static SpoolResult<std::unique_ptr<SnapshotWriter>> create(io::Disk& disk, std::string path);
  SpoolResult<> add(BlockKind kind, std::string_view content);
  SpoolResult<> finish();
  [[nodiscard]] std::uint64_t octets() const { return at_; }

 private:
  SnapshotWriter(io::Disk& disk, std::string path, std::unique_ptr<io::File> file);
  io::Disk& disk_;
  const std::string path_;
  std::unique_ptr<io::File> file_;
  std::uint64_t at_ = 0, blocks_ = 0;
};

class SnapshotReader {
 public:
  // NotFound when there is none.
  static io::DiskResult<std::unique_ptr<SnapshotReader>> open(io::Disk& disk, const std::string& path);
  // Of the file's first octets: whether next() can be asked.
  [[nodiscard]] bool is_format_2() const { return format_2_; }
  struct Block {
    BlockKind kind = BlockKind::End;
    std::string content;
  };
  // Damaged: the file is not what was written. After End nothing more may be asked.
  SpoolResult<Block> next();
  [[nodiscard]] std::uint64_t octets() const { return size_; }

 private:
  SnapshotReader(std::string path, std::unique_ptr<io::File> file, std::uint64_t size);
  SpoolResult<std::string> read(std::uint64_t octets);
  [[nodiscard]] SpoolError damaged() const { return {SpoolFailure::Damaged, path_ + " is damaged"}; }
  const std::string path_;
  std::unique_ptr<io::File> file_;
  std::uint64_t size_ = 0, at_ = 0, blocks_ = 0;
  bool format_2_ = false;
};

}  // namespace hikyaku::spool
