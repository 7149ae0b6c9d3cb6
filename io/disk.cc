#include "io/disk.h"

namespace hikyaku::io {

namespace {

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

DiskResult<> write_and_rename(Disk& disk, std::string_view fresh, std::string_view path, std::string_view content) {
  TRY(file, disk.open(fresh, OpenMode::Create));
  TRY_VOID(file->resize(0));
  TRY_VOID(file->write_at(0, content));
  TRY_VOID(file->flush());
  return disk.rename(fresh, path);
}

}  // namespace

DiskResult<> replace_file(Disk& disk, std::string_view path, std::string_view content) {
  const std::string fresh = std::string(path) + ".new";
  if (auto written = write_and_rename(disk, fresh, path, content); !written) {
    (void)disk.remove(fresh);  // a full disk gets its space back; the error worth telling is the first one
    return written;
  }
  return disk.sync_folder(folder_of(path));
}

DiskResult<std::string> read_file(Disk& disk, std::string_view path, std::uint64_t limit) {
  TRY(file, disk.open(path, OpenMode::Read));
  TRY(size, file->size());
  if (size > limit) {
    return failure(DiskError{DiskFailure::Broken, "read " + std::string(path) + ": " + std::to_string(size) +
                                                      " octets, more than the " + std::to_string(limit) + " allowed"});
  }
  std::string content(size, '\0');
  TRY(got, file->read_at(0, content));
  content.resize(got);
  return content;
}

}  // namespace hikyaku::io
