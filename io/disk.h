// Disk: every byte Hikyaku keeps goes through this interface, so that the same code runs on the real file system
// (io/posix_disk.h) and on a simulated one that cuts the power (io/simulated_disk.h).
//
// The promises are those of POSIX and no more: a write is durable after flush() of its file; a name (create, rename,
// remove) is durable after sync_folder() of its folder. Between, after a power cut, each 512-byte sector of each
// unflushed write may be there, be the old one, or be noise, and each unsynced name may or may not be there.
// All calls but File::read_cached() block and are made from workers and flushers, never from an event loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hikyaku::io {

// Who must act: the operator (NoSpace, NoPermission, ReadOnly), the caller (NotFound, Exists, Busy), nobody yet
// (Broken: the device failed; what was written since the last flush is lost or not, and the file must not be trusted
// further).
enum class DiskFailure : std::uint8_t { NotFound, Exists, NoSpace, NoPermission, ReadOnly, Busy, Broken };

struct DiskError {
  DiskFailure kind;
  std::string what;  // one sentence: the call, the path, the system's words
};

template <class T = void>
using DiskResult = Result<T, DiskError>;

// One open file. Thread-safe as pread and pwrite are: calls may overlap, overlapping ranges may interleave.
class File {
 public:
  virtual ~File() = default;
  // Reads up to into.size() octets; fewer only at the end of the file.
  virtual DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
  // As many octets as are there without waiting for the device, from `offset` on: those the system has in memory. Fewer, and
  // none, for any reason; who needs them all asks read_at(). For event loops.
  virtual std::size_t read_cached(std::uint64_t offset, std::span<char> into) = 0;
  // Writes all parts one after another at `offset`, growing the file where needed. After an error any part may be
  // there.
  virtual DiskResult<> write_at(std::uint64_t offset, std::span<const std::string_view> parts) = 0;
  DiskResult<> write_at(std::uint64_t offset, std::string_view octets) {
    return write_at(offset, std::span{&octets, 1});
  }
  // fdatasync: all writes so far, and the size they need, survive a power cut. An error is final for the file: the
  // kernel forgets what it could not write, so flushing again would lie.
  virtual DiskResult<> flush() = 0;
  virtual DiskResult<std::uint64_t> size() = 0;
  virtual DiskResult<> resize(std::uint64_t octets) = 0;
  // Gives the range back to the file system (reads as zeros afterwards); whole 4 KiB blocks inside the range only.
  virtual DiskResult<> discard(std::uint64_t offset, std::uint64_t octets) = 0;
  // An exclusive advisory lock of the whole file, held until unlock, close or the end of the process, and shut out
  // between two File objects even in one process. Busy when somebody else has it.
  virtual DiskResult<> try_lock() = 0;
  virtual void unlock() = 0;
};

enum class OpenMode : std::uint8_t {
  Read,       // NotFound when missing
  ReadWrite,  // NotFound when missing
  Create,     // read and write, made when missing
  CreateNew,  // read and write; Exists when it is there
};

struct FileInfo {
  std::uint64_t size = 0;
  bool is_folder = false;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual DiskResult<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
  virtual DiskResult<> remove(std::string_view path) = 0;                          // a file or an empty folder
  virtual DiskResult<> rename(std::string_view from, std::string_view to) = 0;     // replaces `to`, atomically
  virtual DiskResult<> make_folder(std::string_view path) = 0;                     // with its parents; fine when there
  virtual DiskResult<std::vector<std::string>> list(std::string_view folder) = 0;  // names, sorted, without . and ..
  virtual DiskResult<FileInfo> info(std::string_view path) = 0;
  virtual DiskResult<> sync_folder(std::string_view path) = 0;
  virtual DiskResult<std::uint64_t> free_octets(std::string_view path) = 0;
};

// Writes a whole small file so that after a power cut either the old or the new content is there: temporary file,
// flush, rename, sync_folder.
DiskResult<> replace_file(Disk& disk, std::string_view path, std::string_view content);
// Reads a whole file of at most `limit` octets (a larger one is Broken).
DiskResult<std::string> read_file(Disk& disk, std::string_view path, std::uint64_t limit = 64 << 20);

}  // namespace hikyaku::io
