#include "apps/supervisor/hosts_copy.h"

#include <sys/stat.h>

#include <fstream>

#include "apps/service/data_folders.h"

namespace hikyaku::apps {
namespace {

constexpr std::size_t most_octets = 16 << 20;

std::string beginning_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  char piece[16 << 10];
  while (text.size() < most_octets && (in.read(piece, sizeof piece) || in.gcount() > 0))
    text.append(piece, static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

HostsCopy::HostsCopy(io::Disk& disk, std::string data_folder, std::string system) : disk_(disk) {
  files_.push_back({data_folder + "/hosts", folder::in(data_folder, folder::own_hosts)});
  files_.push_back({std::move(system), folder::in(data_folder, folder::system_hosts)});
}

void HostsCopy::follow() {
  for (auto& file : files_) follow(file);
}

void HostsCopy::follow(File& file) {
  struct stat found{};
  const bool there = !file.from.empty() && ::stat(file.from.c_str(), &found) == 0;
  const auto inode = there ? static_cast<std::uint64_t>(found.st_ino) : 0;
  const auto octets = there ? static_cast<std::uint64_t>(found.st_size) : 0;
  const std::int64_t changed = there ? std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec : -1;
  if (inode == file.inode && octets == file.octets && changed == file.changed_ns) return;
  // A failed copy is tried again at the next look.
  if (!io::replace_file(disk_, file.to, there ? beginning_of(file.from) : std::string())) return;
  file.inode = inode;
  file.octets = octets;
  file.changed_ns = changed;
}

}  // namespace hikyaku::apps
