#include "io/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>

#include "io/descriptor.h"
#include "io/system_error.h"

namespace hikyaku::io {

namespace {

constexpr std::uint64_t block_octets = 4096;
constexpr mode_t file_mode = 0640;
constexpr mode_t folder_mode = 0750;

DiskFailure kind_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return DiskFailure::NotFound;
    case EEXIST:
    case ENOTEMPTY:
    case EISDIR:
      return DiskFailure::Exists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return DiskFailure::NoSpace;
    case EACCES:
    case EPERM:
      return DiskFailure::NoPermission;
    case EROFS:
      return DiskFailure::ReadOnly;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
    case EMFILE:
    case ENFILE:
      return DiskFailure::Busy;
    default:
      return DiskFailure::Broken;
  }
}

std::unexpected<DiskError> failed(const char* call, std::string_view path, int error = errno) {
  return failure(DiskError{kind_of(error), describe_errno(call, path, error)});
}

// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  decltype(call()) result;
  do result = call();
  while (result == -1 && errno == EINTR);
  return result;
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, Descriptor descriptor) : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    std::size_t got = 0;
    while (got < into.size()) {
      const auto n = uninterrupted(
          [&] { return ::pread(fd(), into.data() + got, into.size() - got, static_cast<off_t>(offset + got)); });
      if (n < 0) return failed("pread", path_);
      if (n == 0) break;
      got += static_cast<std::size_t>(n);
    }
    return got;
  }

  std::size_t read_cached(std::uint64_t offset, std::span<char> into) override {
    const iovec vector{into.data(), into.size()};
    const auto n = uninterrupted([&] { return ::preadv2(fd(), &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT); });
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }

  DiskResult<> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    std::vector<iovec> vectors;
    vectors.reserve(parts.size());
    for (const auto part : parts) {
      if (!part.empty()) vectors.push_back({const_cast<char*>(part.data()), part.size()});
    }
    return write_vectors(offset, vectors);
  }

  DiskResult<> flush() override {
    if (const int earlier = flush_error_.load()) return failed("fdatasync (failed before)", path_, earlier);
    if (uninterrupted([&] { return ::fdatasync(fd()); }) == 0) return {};
    flush_error_ = errno;
    return failure(DiskError{DiskFailure::Broken, describe_errno("fdatasync", path_, errno)});
  }

  DiskResult<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(fd(), &status) != 0) return failed("fstat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  DiskResult<> resize(std::uint64_t octets) override {
    if (uninterrupted([&] { return ::ftruncate(fd(), static_cast<off_t>(octets)); }) != 0) {
      return failed("ftruncate", path_);
    }
    return {};
  }

  DiskResult<> discard(std::uint64_t offset, std::uint64_t octets) override {
    const std::uint64_t first = (offset + block_octets - 1) / block_octets * block_octets;
    const std::uint64_t last = (offset + octets) / block_octets * block_octets;
    if (first >= last) return {};
    const int punched = uninterrupted([&] {
      return ::fallocate(fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first),
                         static_cast<off_t>(last - first));
    });
    if (punched == 0) return {};
    if (errno != EOPNOTSUPP) return failed("fallocate", path_);
    return write_zeros(first, last);
  }

  DiskResult<> try_lock() override {
    if (set_lock(F_WRLCK) == 0) return {};
    if (errno == EAGAIN || errno == EACCES) {
      return failure(DiskError{DiskFailure::Busy, "lock " + path_ + ": somebody else has it"});
    }
    return failed("lock", path_);
  }

  void unlock() override { set_lock(F_UNLCK); }

 private:
  [[nodiscard]] int fd() const { return descriptor_.get(); }

  // An OFD lock belongs to the open file, not to the process: it shuts out a second File of the same process, and
  // another descriptor's close does not lose it (fcntl(2)).
  int set_lock(short type) {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return ::fcntl(fd(), F_OFD_SETLK, &lock);
  }

  DiskResult<> write_vectors(std::uint64_t offset, std::vector<iovec>& vectors) {
    for (std::size_t at = 0; at < vectors.size();) {
      const int count = static_cast<int>(std::min<std::size_t>(vectors.size() - at, IOV_MAX));
      const auto n =
          uninterrupted([&] { return ::pwritev(fd(), vectors.data() + at, count, static_cast<off_t>(offset)); });
      if (n < 0) return failed("pwritev", path_);
      if (n == 0) return failed("pwritev", path_, EIO);
      offset += static_cast<std::uint64_t>(n);
      auto written = static_cast<std::size_t>(n);
      while (at < vectors.size() && written >= vectors[at].iov_len) written -= vectors[at++].iov_len;
      if (written == 0) continue;
      vectors[at].iov_base = static_cast<char*>(vectors[at].iov_base) + written;
      vectors[at].iov_len -= written;
    }
    return {};
  }

  // For file systems that cannot punch holes: the promise of zeros is kept, the space is not given back.
  DiskResult<> write_zeros(std::uint64_t first, std::uint64_t last) {
    TRY(end, size());
    const std::string zeros(64 * block_octets, '\0');
    for (last = std::min(last, end); first < last;) {
      const auto part = std::min<std::uint64_t>(zeros.size(), last - first);
      TRY_VOID(File::write_at(first, std::string_view(zeros).substr(0, part)));
      first += part;
    }
    return {};
  }

  std::string path_;
  Descriptor descriptor_;
  std::atomic<int> flush_error_ = 0;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::Read:
      return O_RDONLY;
    case OpenMode::ReadWrite:
      return O_RDWR;
    case OpenMode::Create:
      return O_RDWR | O_CREAT;
    case OpenMode::CreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

DiskResult<std::unique_ptr<File>> PosixDisk::open(std::string_view path, OpenMode mode) {
  std::string name(path);
  Descriptor descriptor(uninterrupted([&] { return ::open(name.c_str(), flags_of(mode) | O_CLOEXEC, file_mode); }));
  if (!descriptor) return failed("open", path);
  return std::make_unique<PosixFile>(std::move(name), std::move(descriptor));
}

DiskResult<> PosixDisk::remove(std::string_view path) {
  const std::string name(path);
  if (::unlink(name.c_str()) == 0) return {};
  if (errno != EISDIR && errno != EPERM) return failed("unlink", path);
  const int unlink_error = errno;
  if (::rmdir(name.c_str()) == 0) return {};
  return errno == ENOTDIR ? failed("unlink", path, unlink_error) : failed("rmdir", path);
}

DiskResult<> PosixDisk::rename(std::string_view from, std::string_view to) {
  if (::rename(std::string(from).c_str(), std::string(to).c_str()) == 0) return {};
  const int error = errno;
  return failed("rename", std::string(from) + " to " + std::string(to), error);
}

DiskResult<> PosixDisk::make_folder(std::string_view path) {
  const std::string name(path);
  for (std::size_t slash = name.find('/', 1);; slash = name.find('/', slash + 1)) {
    const std::string part = name.substr(0, slash);
    if (::mkdir(part.c_str(), folder_mode) != 0) {
      const int error = errno;
      // An existing parent may answer with other words than EEXIST (a read-only or forbidden one).
      if (!is_folder(part)) return failed("mkdir", part, error);
    }
    if (slash == std::string::npos) return {};
  }
}

DiskResult<std::vector<std::string>> PosixDisk::list(std::string_view folder) {
  DIR* stream = ::opendir(std::string(folder).c_str());
  if (stream == nullptr) return failed("opendir", folder);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  if (error != 0) return failed("readdir", folder, error);
  std::ranges::sort(names);
  return names;
}

DiskResult<FileInfo> PosixDisk::info(std::string_view path) {
  struct stat status{};
  if (::stat(std::string(path).c_str(), &status) != 0) return failed("stat", path);
  return FileInfo{.size = static_cast<std::uint64_t>(status.st_size), .is_folder = S_ISDIR(status.st_mode)};
}

DiskResult<> PosixDisk::sync_folder(std::string_view path) {
  const Descriptor folder(::open(std::string(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed("open", path);
  if (uninterrupted([&] { return ::fsync(folder.get()); }) != 0) {
    return failure(DiskError{DiskFailure::Broken, describe_errno("fsync", path, errno)});
  }
  return {};
}

DiskResult<std::uint64_t> PosixDisk::free_octets(std::string_view path) {
  struct statvfs status{};
  if (::statvfs(std::string(path).c_str(), &status) != 0) return failed("statvfs", path);
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace hikyaku::io
