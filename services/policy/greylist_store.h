// GreylistStore: the memory of greylisting and its file (lines_file.h, greylist_line.h), shared by all loops of the process. A power cut loses what was
// remembered in the last seconds: then somebody comes once more.
#pragma once

#include <mutex>
#include <string>

#include "services/policy/greylist.h"
#include "services/policy/lines_file.h"

namespace hikyaku::policy {

// "FOLDER/greylist"
[[nodiscard]] std::string greylist_file(const std::string& folder);

class GreylistStore {
 public:
  // `folder` is made when missing. A file that cannot be read begins empty, and `trouble()` says why. Blocks.
  GreylistStore(io::Disk& disk, const std::string& folder, GreylistTerms terms);

  // Thread-safe, no I/O.
  void set_terms(GreylistTerms terms);
  [[nodiscard]] GreylistMemory::Verdict look(const GreylistKey& key, WallTime now) const;
  GreylistMemory::Verdict tried(const GreylistKey& key, WallTime now);
  void stayed(const GreylistKey& key, WallTime now);

  // Writes what was remembered since, and forgets what is over. Blocks; one at a time: on a worker, about once a second.
  io::DiskResult<> save(WallTime now);
  // Of the file as it was opened; empty: none.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void open(io::Disk& disk, const std::string& folder);

  mutable std::mutex mutex_;
  GreylistMemory memory_;
  LinesFile file_;
  std::string trouble_;
};

}  // namespace hikyaku::policy
