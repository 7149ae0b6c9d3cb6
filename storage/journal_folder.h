// JournalFolder: the files of a file journal and what their headers say. Shared by the writer, the reader and recovery.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "storage/journal.h"
#include "storage/segment_format.h"

namespace hikyaku::storage {

struct SegmentEntry {
  std::uint32_t slot = 0;  // N of the file segment-N
  SegmentHeader header;
  std::optional<SegmentFooter> footer;
};

// What lies in the folder at one moment.
struct SegmentTable {
  std::map<std::uint64_t, SegmentEntry> segments;  // by number; with valid headers
  std::vector<std::uint32_t> blank_slots;          // no valid header: never used, or torn while being reused
  std::uint32_t highest_slot = 0;

  // Where the records of a segment end, if that is settled: by its footer, or by a successor that names its end.
  [[nodiscard]] std::optional<std::uint32_t> settled_end(std::uint64_t number) const;
};

class JournalFolder {
 public:
  JournalFolder(io::Disk& disk, std::string_view path) : disk_(disk), path_(path) {}

  [[nodiscard]] io::Disk& disk() const { return disk_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  [[nodiscard]] std::string slot_file(std::uint32_t slot) const;

  // Makes the folder and its name durable.
  JournalResult<> make() const;
  // Reads every header and footer: two small reads a segment. Empty when the folder is missing.
  JournalResult<SegmentTable> read_table() const;
  // Nothing when it is missing or not whole.
  JournalResult<std::optional<PublishedPosition>> read_position() const;
  JournalResult<ReleasedSegments> read_released() const;
  JournalResult<> write_released(const ReleasedSegments& released) const;
  // Files left half made by an owner that died.
  JournalResult<> remove_unfinished() const;

 private:
  io::Disk& disk_;
  std::string path_;
};

[[nodiscard]] JournalError journal_error(const io::DiskError& error);

// As TRY and TRY_VOID, for disk calls in functions that return a JournalResult.
#define HIKYAKU_TRY_DISK(name, ...)                                              \
  auto HIKYAKU_JOIN(name, _result) = (__VA_ARGS__);                              \
  if (!HIKYAKU_JOIN(name, _result))                                              \
    return ::hikyaku::failure(::hikyaku::storage::journal_error(HIKYAKU_JOIN(name, _result).error())); \
  auto name = *std::move(HIKYAKU_JOIN(name, _result))
#define HIKYAKU_TRY_DISK_VOID(...)                                               \
  do {                                                                           \
    auto hikyaku_result = (__VA_ARGS__);                                         \
    if (!hikyaku_result) return ::hikyaku::failure(::hikyaku::storage::journal_error(hikyaku_result.error())); \
  } while (false)

}  // namespace hikyaku::storage
