// RecipientStore: the memory of inner servers' users and its file, shared by all loops of the process. A power cut loses what was
// learned in the last seconds: then somebody is asked for once more.
//
// One file, written anew when it has grown to twice what it must hold: heading and lines (recipient_line.h).
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "io/disk.h"
#include "services/policy/recipient_memory.h"

namespace hikyaku::policy {

// "FOLDER/inner-recipients"
[[nodiscard]] std::string recipients_file(const std::string& folder);

class RecipientStore {
 public:
  // `folder` is there. A file that cannot be read begins empty, and `trouble()` says why. Blocks.
  RecipientStore(io::Disk& disk, std::string folder, RecipientTerms terms);

  // Thread-safe, no I/O.
  void set_terms(RecipientTerms terms);
  [[nodiscard]] RecipientVerdict judge(const std::string& user, Reach reach, UnknownWhileAway otherwise, WallTime now) const;
  [[nodiscard]] bool wants_try(const std::string& user, WallTime now) const;
  void said(const std::string& user, RecipientSaid what, WallTime now);
  void tried(const std::string& domain, bool takes_everybody, WallTime now);
  void away(const std::string& domain, WallTime now);

  // Writes what was learned since, and forgets what is over. Blocks; one at a time: on a worker, about once a second.
  io::DiskResult<> save(WallTime now);
  // Of the file as it was opened; empty: none.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void open();
  io::DiskResult<> write_anew();
  static constexpr std::uint64_t least_octets = 1 << 20;  // below it the file is not written anew

  io::Disk& disk_;
  const std::string file_name_;
  mutable std::mutex mutex_;
  RecipientMemory memory_;
  std::string unsaved_;  // lines
  // Of who saves alone.
  std::unique_ptr<io::File> file_;
  std::uint64_t octets_ = 0, octets_anew_ = 0;
  std::string trouble_;
};

}  // namespace hikyaku::policy
