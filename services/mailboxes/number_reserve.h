// NumberReserve: why no UID or MODSEQ is ever given twice, although deliveries are lazy (DESIGN §4.2, rule 6). A lazy
// commit is seen by clients at once and may be lost in a power cut, its numbers with it. So numbers for lazy commits lie
// below a ceiling that was made durable before, and after a boot the counters go on above it.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

class NumberReserve {
 public:
  static constexpr std::uint64_t ahead = 4'000;  // UIDs, and as many modseqs, skipped by an unclean end
  static constexpr std::uint64_t margin = 1'000;  // what others may take between our look and our commit

  // `boot_id` names the time since the machine last started; empty: the kernel's.
  explicit NumberReserve(std::string boot_id);

  // Before any commit that gives numbers of `mailbox` out.
  MailboxResult<> settle(const Store& store, MailboxId mailbox);
  // Before a lazy one of at most `margin` messages; what is expected of it goes into the batch.
  struct Ceiling {
    std::string key, value;
    std::uint64_t uid = 0, modseq = 0;
  };
  MailboxResult<Ceiling> reserve(const Store& store, MailboxId mailbox);

 private:
  MailboxResult<Ceiling> renew(const Store& store, MailboxId mailbox);
  [[nodiscard]] std::optional<Ceiling> decode(const std::string& key, const std::string& value, std::string& boot) const;

  std::string boot_id_;
  std::mutex mutex_;
  std::set<std::pair<std::string, std::uint32_t>> settled_;  // partition and mailbox: looked at since this boot
};

}  // namespace hikyaku::mailboxes
