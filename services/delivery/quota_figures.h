// QuotaFigures: keeps auth informed of the mailboxes that are nearly full (services/directory/quota_page.h), so that mail for
// them is refused at RCPT. It learns of an account when something was delivered to it, and looks at those that are nearly
// full every few seconds: whose owner deleted mail gets mail again. What waits for room in a mailbox is told of when there is room. Beyond `most_watched` an account is not told of, and
// delivery alone answers for its quota.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <unordered_map>

#include "io/loop.h"
#include "io/workers.h"
#include "services/directory/directory.h"
#include "services/directory/quota_page.h"
#include "services/mailboxes/mailboxes.h"

namespace hikyaku::delivery {

class QuotaFigures {
 public:
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    mailboxes::Mailboxes& mailboxes;
    const directory::Reader& directory;
    const directory::QuotaPage& page;
    // An account is nearly full when it has less room than this: the largest message reception takes.
    std::function<std::uint64_t()> largest_message;
  };
  static constexpr std::size_t most_watched = 20'000;
  static constexpr Duration every = 5s;  // well below the page's heartbeat_limit

  explicit QuotaFigures(Parts parts) : parts_(std::move(parts)) {}

  // After a delivery, on a worker: tells what `account` uses now. Costs two reads; nothing for an account without limits.
  void delivered(AccountId account, mailboxes::QuotaLimit limit);
  // On a worker: a message of so many octets found `account` full, and waits. Costs nothing; of more than `most_watched` accounts
  // the rest is not known.
  void refused(AccountId account, std::uint64_t octets);
  // The accounts that have room now for the smallest message that found them full; each is told once. What is too large for the
  // room finds them full again.
  [[nodiscard]] std::set<AccountId> take_with_room();
  // Looks at those that are nearly full, until the loop stops.
  Task<void> run();
  // One look, on a worker. False: something could not be said, and nothing counts until it is.
  bool refresh();
  // Delivery stands still from now on: nobody vouches for what was said.
  void stop();

 private:
  bool tell(AccountId account, mailboxes::QuotaLimit limit);
  // Of the accounts that somebody waits for. Costs a look at the version of each that nobody changed.
  void look_for_room(const directory::Snapshot& directory);
  [[nodiscard]] bool nearly_full(mailboxes::QuotaLimit limit, mailboxes::QuotaUsage used) const;

  Parts parts_;
  std::mutex mutex_;
  std::unordered_map<AccountId, storage::Version> watched_;  // with the version that was told of; 0: not told yet
  struct Waited {
    std::uint64_t octets = 0;  // of the smallest message that waits
    storage::Version seen;     // without room for it; 0: not looked at yet
  };
  std::unordered_map<AccountId, Waited> waited_for_;
  std::set<AccountId> with_room_;
  bool stopped_ = false;
};

}  // namespace hikyaku::delivery
