#include "io/file_stamp.h"

#include <sys/stat.h>

namespace hikyaku::io {

FileStamp stamp_of_file(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::uint64_t>(found.st_ino), static_cast<std::uint64_t>(found.st_size),
          std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

}  // namespace hikyaku::io
