// PosixDisk: Disk over the machine's real file system. Paths are taken as they are given (relative ones against the
// working folder). New files get mode 0640, new folders 0750. Errors name the call, the path and the system's words.
#pragma once

#include "io/disk.h"

namespace hikyaku::io {

// Stateless and thread-safe; any number may exist.
class PosixDisk final : public Disk {
 public:
  DiskResult<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
  DiskResult<> remove(std::string_view path) override;
  DiskResult<> rename(std::string_view from, std::string_view to) override;
  DiskResult<> make_folder(std::string_view path) override;
  DiskResult<std::vector<std::string>> list(std::string_view folder) override;
  DiskResult<FileInfo> info(std::string_view path) override;
  DiskResult<> sync_folder(std::string_view path) override;
  // What an unprivileged user may still fill.
  DiskResult<std::uint64_t> free_octets(std::string_view path) override;
};

}  // namespace hikyaku::io
