// GreylistStore: the memory of greylisting and its file, shared by all loops of the process. A power cut loses what was
// remembered in the last seconds: then somebody comes once more.
//
// One file, written anew when it has grown to twice what it must hold: heading and lines (greylist_line.h).
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "io/disk.h"
#include "services/policy/greylist.h"

namespace hikyaku::policy {

// "FOLDER/greylist"
[[nodiscard]] std::string greylist_file(const std::string& folder);

class GreylistStore {
 public:
  // `folder` is made when missing. A file that cannot be read begins empty, and `trouble()` says why. Blocks.
  GreylistStore(io::Disk& disk, std::string folder, GreylistTerms terms);

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
  void open();
  io::DiskResult<> write_anew();
  io::DiskResult<> append(const std::string& lines);
  static constexpr std::uint64_t least_octets = 1 << 20;  // below it the file is not written anew

  io::Disk& disk_;
  const std::string folder_;
  mutable std::mutex mutex_;
  GreylistMemory memory_;
  std::string unsaved_;  // lines
  // Of who saves alone.
  std::unique_ptr<io::File> file_;
  std::uint64_t octets_ = 0, octets_anew_ = 0;
  std::string trouble_;
};

}  // namespace hikyaku::policy
