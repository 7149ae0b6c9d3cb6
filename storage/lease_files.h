// LeaseFiles: leases of the embedded engine. A lease is a file, held by an exclusive lock on it; the newest token is
// inside, in two places written in turn, so that a torn write never loses it.
#pragma once

#include <map>
#include <mutex>

#include "io/disk.h"
#include "storage/engine.h"

namespace hikyaku::storage {

class LeaseFiles {
 public:
  LeaseFiles(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  StoreResult<Lease> take(std::string_view name, Deadline deadline);
  StoreResult<> release(const Lease& lease);
  // Whether `token` is the newest ever given. Reads the file only when the lease is not ours.
  [[nodiscard]] bool is_newest(std::string_view name, std::uint64_t token);

 private:
  struct Held {
    std::unique_ptr<io::File> file;
    std::uint64_t token;
  };
  [[nodiscard]] std::string path(std::string_view name) const;

  io::Disk& disk_;
  const std::string folder_;
  std::mutex mutex_;
  std::map<std::string, Held, std::less<>> held_;
};

}  // namespace hikyaku::storage
