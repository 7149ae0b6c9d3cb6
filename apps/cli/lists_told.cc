#include "apps/cli/lists_told.h"

#include "io/posix_disk.h"

namespace hikyaku::cli {

std::map<std::string, policy::ListStatus> lists_told(const std::string& data) {
  constexpr std::uint64_t most_octets = 1 << 20;
  io::PosixDisk disk;
  const auto text = io::read_file(disk, data + "/counters/receive/lists", most_octets);
  return text ? policy::parse_lists(*text) : std::map<std::string, policy::ListStatus>{};
}

std::map<std::string, policy::ListStatus> lists_told(const settings::Settings& settings) { return lists_told(settings.node.data()); }

}  // namespace hikyaku::cli
