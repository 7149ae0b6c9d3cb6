// RecipientStore: the memory of inner servers' users and its file (lines_file.h, recipient_line.h), shared by all loops of the process. A power cut loses what was
// learned in the last seconds: then somebody is asked for once more.
#pragma once

#include <mutex>
#include <string>

#include "services/policy/lines_file.h"
#include "services/policy/recipient_memory.h"

namespace hikyaku::policy {

// "FOLDER/inner-recipients"
[[nodiscard]] std::string recipients_file(const std::string& folder);

class RecipientStore {
 public:
  // `folder` is there. A file that cannot be read begins empty, and `trouble()` says why. Blocks.
  RecipientStore(io::Disk& disk, const std::string& folder, RecipientTerms terms);

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

  mutable std::mutex mutex_;
  RecipientMemory memory_;
  LinesFile file_;
  std::string trouble_;
};

}  // namespace hikyaku::policy
