// Hosts files (hosts(5)): names with fixed addresses, asked before DNS. parse_hosts() is pure; HostsFiles keeps some files
// and reads them again when they change.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "io/file_stamp.h"
#include "io/socket_address.h"

namespace hikyaku::io {

class HostsTable {
 public:
  // Any case, with or without the final dot. Null: no such name.
  [[nodiscard]] const std::vector<IpAddress>* find(std::string_view name) const;
  // `address` once for each name; at most 1,000,000 names.
  void add(const IpAddress& address, std::string_view name);
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  std::unordered_map<std::string, std::vector<IpAddress>> names_;
};

// "address name ..." lines; '#' begins a comment. What is no address or no name is passed over. Linear.
void parse_hosts(std::string_view text, HostsTable& into);

class HostsFiles {
 public:
  // The first file's names hide those of later ones. Files that are not there count as empty.
  explicit HostsFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  // Looks whether a file changed (inode, size, time), and reads all of them if so. Blocking: on a worker. At most 16 MiB
  // of each are read. True: the table is new.
  bool refresh();
  // Never null. Thread-safe.
  [[nodiscard]] std::shared_ptr<const HostsTable> current() const;

 private:
  const std::vector<std::string> paths_;
  std::vector<FileStamp> stamps_;
  mutable std::mutex mutex_;
  std::shared_ptr<const HostsTable> table_ = std::make_shared<const HostsTable>();
};

}  // namespace hikyaku::io
