// HabitsStore: the habits of all accounts and their file, "FOLDER/habits". A crash loses what was learned in the last minutes: then a
// network is usual a little later. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "io/disk.h"
#include "services/abuse/habits.h"

namespace hikyaku::abuse {

class HabitsStore {
 public:
  // A file that cannot be read begins empty, and trouble() says why. Blocks.
  HabitsStore(io::Disk& disk, std::string folder);
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  Suspicion logged_in(AccountId account, std::string_view client, std::string_view country, WallTime now) {
    const std::lock_guard lock(mutex_);
    changed_ = true;
    return habits_.logged_in(account, client, country, now);
  }
  [[nodiscard]] bool is_usual(AccountId account, std::string_view client) const {
    const std::lock_guard lock(mutex_);
    return habits_.is_usual(account, client);
  }
  Suspicion sent(AccountId account, const Sent& sent, const SendTerms& terms, WallTime now) {
    const std::lock_guard lock(mutex_);
    changed_ = true;
    return habits_.sent(account, sent, terms, now);
  }
  bool tell(AccountId account, int points, WallTime now) {
    const std::lock_guard lock(mutex_);
    return habits_.tell(account, points, now);
  }
  void rule(AccountId account, const Ruling& ruling) {
    const std::lock_guard lock(mutex_);
    changed_ = habits_.rule(account, ruling) || changed_;
  }

  void keep_only(const std::set<std::uint64_t>& accounts) {
    const std::lock_guard lock(mutex_);
    habits_.keep_only(accounts);
  }

  // Writes all anew when anything has changed. Blocks; one at a time.
  io::DiskResult<> save();

 private:
  io::Disk& disk_;
  const std::string folder_;
  mutable std::mutex mutex_;
  Habits habits_;
  bool changed_ = false;
  std::string trouble_;
};

}  // namespace hikyaku::abuse
