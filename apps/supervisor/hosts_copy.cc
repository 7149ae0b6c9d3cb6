#include "apps/supervisor/hosts_copy.h"

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
  const auto stamp = file.from.empty() ? io::FileStamp{} : io::stamp_of_file(file.from);
  if (stamp == file.copied) return;
  // A failed copy is tried again at the next look.
  if (io::replace_file(disk_, file.to, stamp == io::FileStamp{} ? std::string() : beginning_of(file.from))) file.copied = stamp;
}

}  // namespace hikyaku::apps
