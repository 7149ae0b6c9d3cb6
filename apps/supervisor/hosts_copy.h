// HostsCopy: the hosts files as services see them. A confined service is allowed files, not names: a hosts file that an
// editor replaced would be out of its reach. So the supervisor copies it into `run` whenever it changes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/disk.h"
#include "io/file_stamp.h"

namespace hikyaku::apps {

class HostsCopy {
 public:
  // `system`: /etc/hosts, or what the settings name; empty: none. Ours is the file `hosts` in the data folder.
  HostsCopy(io::Disk& disk, std::string data_folder, std::string system);
  // A look costs a stat of each; a file that went away is copied as an empty one. Blocking, small.
  void follow();

 private:
  struct File {
    std::string from, to;
    std::optional<io::FileStamp> copied = {};
  };
  void follow(File& file);

  io::Disk& disk_;
  std::vector<File> files_;
};

}  // namespace hikyaku::apps
