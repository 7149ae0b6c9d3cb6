// Files beside a journal: spill files of messages that are arriving, and blobs, the texts too large for a record. A blob
// is named after its message, is durable before the record that names it, and goes after it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/checksum.h"
#include "io/disk.h"
#include "services/spool/message.h"
#include "services/spool/text_reader.h"

namespace hikyaku::spool {

[[nodiscard]] SpoolError spool_error(const io::DiskError& error);
[[nodiscard]] std::string blob_name(const TraceId& id);  // "blob-B..."

#define HIKYAKU_SPOOL_DISK(name, ...)                                                                        \
  auto HIKYAKU_JOIN(name, _result) = (__VA_ARGS__);                                                          \
  if (!HIKYAKU_JOIN(name, _result)) return ::hikyaku::failure(spool_error(HIKYAKU_JOIN(name, _result).error())); \
  auto name = *std::move(HIKYAKU_JOIN(name, _result))
// For disk and journal calls alike, in functions that return a SpoolResult.
#define HIKYAKU_SPOOL_VOID(...)                                                                 \
  do {                                                                                          \
    auto hikyaku_result = (__VA_ARGS__);                                                        \
    if (!hikyaku_result) return ::hikyaku::failure(spool_error(hikyaku_result.error()));        \
  } while (false)

// Owns the file until it becomes a blob; removes it otherwise.
class SpillFile {
 public:
  SpillFile(io::Disk& disk, std::string path, std::unique_ptr<io::File> file)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)) {
    checksum_.start();
  }
  ~SpillFile();
  SpoolResult<> append(std::string_view octets);
  SpoolResult<> flush();
  SpoolResult<std::string> read_all() { return read(0, octets_); }
  // At most `octets` from `offset`; fewer at the end.
  SpoolResult<std::string> read(std::uint64_t offset, std::uint64_t octets);
  // Appends what `other` has from `offset` on, in pieces.
  SpoolResult<> append(const SpillFile& other, std::uint64_t offset = 0);
  // The name is durable after the folder's next sync.
  SpoolResult<> become(const std::string& path);
  [[nodiscard]] std::uint64_t octets() const { return octets_; }
  [[nodiscard]] std::uint64_t checksum() const { return checksum_.value(); }

 private:
  io::Disk& disk_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  std::uint64_t octets_ = 0;
  StreamingChecksum checksum_;
};

class SpillFolder {
 public:
  SpillFolder(io::Disk& disk, std::string folder, std::uint64_t inline_octets, std::uint64_t token, std::uint64_t reserve_octets = 0)
      : disk_(disk), folder_(std::move(folder)), inline_octets_(inline_octets), token_(token), reserve_octets_(reserve_octets) {}
  SpoolResult<std::unique_ptr<SpillFile>> make();
  // NoSpace while less than the reserve would be free beside `octets` more: what was begun above the mark must not use up what the queue drains with (rule 5).
  [[nodiscard]] SpoolResult<> expect_room(std::uint64_t octets = 0) const;
  [[nodiscard]] std::uint64_t inline_octets() const { return inline_octets_; }
  // Spill files of owners that died. Only the journal's owner may call it, before make().
  SpoolResult<> remove_left_over();

 private:
  io::Disk& disk_;
  const std::string folder_;
  const std::uint64_t inline_octets_, token_, reserve_octets_;
  std::atomic<std::uint64_t> next_{1};
};

// A blob of a journal's folder, at most `octets` from `offset`; when that is all of it, its checksum is verified. NotFound
// is Gone.
SpoolResult<std::string> read_blob(io::Disk& disk, const std::string& path, const TextSum& sum, std::uint64_t offset,
                                   std::uint64_t octets);

}  // namespace hikyaku::spool
