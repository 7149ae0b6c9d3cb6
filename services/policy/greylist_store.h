// GreylistStore: the memory of greylisting and its file (lines_file.h, greylist_line.h), shared by all loops of the process. A power cut loses what was
// remembered in the last seconds: then somebody comes once more.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/policy/greylist.h"
#include "services/policy/lines_file.h"

namespace hikyaku::policy {

// Below the folder: orders of operators, a file each, with one source in a line that is to be forgotten. Carried out with the next save(), and removed behind it; one that cannot
// be read stays, and save() says why.
inline constexpr std::string_view forget_folder = "forget";

// What the file says, without what is over by `now`; blocks. For who only looks, beside the service or without it. Of a known source it has the first mail
// of each hour, and how many there were until then.
[[nodiscard]] GreylistMemory read_greylist(io::Disk& disk, const std::string& folder, GreylistTerms terms, WallTime now);

class GreylistStore {
 public:
  // `folder` is made when missing. A file that cannot be read begins empty, and `trouble()` says why. Blocks.
  GreylistStore(io::Disk& disk, const std::string& folder, GreylistTerms terms);

  // Thread-safe, no I/O.
  void set_terms(GreylistTerms terms);
  [[nodiscard]] GreylistMemory::Verdict look(const GreylistKey& key, WallTime now) const;
  GreylistMemory::Verdict tried(const GreylistKey& key, WallTime now);
  void stayed(const GreylistKey& key, WallTime now);

  // Carries out orders, writes what was remembered since, and forgets what is over. Blocks; one at a time: on a worker, every few seconds.
  io::DiskResult<> save(WallTime now);
  // Of the file as it was opened; empty: none.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void open();
  struct Orders {
    std::vector<std::string> done;         // their files
    std::optional<io::DiskError> trouble;  // of one that cannot be read
  };
  Orders carry_out_orders();

  io::Disk& disk_;
  const std::string folder_;
  mutable std::mutex mutex_;
  GreylistMemory memory_;
  LinesFile file_;
  std::string trouble_;
};

}  // namespace hikyaku::policy
