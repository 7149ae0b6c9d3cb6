// FileStamp: by what a look tells that a file was replaced or written over, without reading it.
#pragma once

#include <cstdint>
#include <string>

namespace hikyaku::io {

struct FileStamp {
  std::uint64_t inode = 0, octets = 0;
  std::int64_t changed_ns = -1;  // -1: there is no file
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Of whatever the path leads to; what cannot be looked at is not there. Blocks as stat(2) does.
[[nodiscard]] FileStamp stamp_of_file(const std::string& path);

}  // namespace hikyaku::io
