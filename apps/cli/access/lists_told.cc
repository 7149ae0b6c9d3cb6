#include "apps/cli/access/lists_told.h"

#include "io/posix_disk.h"

namespace hikyaku::cli {

std::map<std::string, policy::ListStatus> lists_told(const std::string& data) {
  constexpr std::uint64_t most_octets = 1 << 20;
  io::PosixDisk disk;
  const auto text = io::read_file(disk, data + "/counters/receive/lists", most_octets);
  return text ? policy::parse_lists(*text) : std::map<std::string, policy::ListStatus>{};
}

std::map<std::string, policy::ListStatus> lists_told(const settings::Settings& settings) { return lists_told(settings.node.data()); }

Words trouble_of(policy::ListState found) {
  switch (found) {
    case policy::ListState::ListsAll: return {"it lists everything", "何でも載せている"};
    case policy::ListState::ListsNothing: return {"it lists nothing, not even its test entry", "試験用の項目さえ載せていない"};
    case policy::ListState::NotForUs: return {"it says that it does not answer us", "このサーバには答えないと言っている"};
    case policy::ListState::NoAnswer: return {"it does not answer", "応答がない"};
    case policy::ListState::Unknown:
    case policy::ListState::Sound: break;
  }
  return {"it is being checked", "確認中"};
}

}  // namespace hikyaku::cli
