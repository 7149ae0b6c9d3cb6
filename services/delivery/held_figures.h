// HeldFigures: keeps `receive` informed of how much mail each account has on hold for a later time (RFC 4865 §6), in a page
// as that of full mailboxes (services/directory/quota_page.h). It looks at the spool every few seconds; accounts that are
// not in the page have nothing on hold.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "io/loop.h"
#include "io/workers.h"
#include "services/directory/directory.h"
#include "services/directory/quota_page.h"
#include "services/spool/spool.h"

namespace hikyaku::delivery {

class HeldFigures {
 public:
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    spool::Spool& spool;
    const directory::Reader& directory;
    const directory::QuotaPage& page;
  };
  static constexpr Duration every = 5s;  // a third of what receive counts by itself (apps/receive/held_quota.h)

  explicit HeldFigures(Parts parts) : parts_(std::move(parts)) {}

  // Looks until the loop stops.
  Task<void> run();
  // One look, on a worker; one at a time. About 20 ms a million deferred recipients, and another 100 ms a million accounts when the
  // directory has changed or an account begins to hold mail. False: something could not be said, and nothing counts until it is.
  bool refresh();
  // Delivery stands still from now on: nobody vouches for what was said.
  void stop();

 private:
  using Key = std::uint32_t;  // spool::key_of() an account's address
  using ByKey = std::unordered_map<Key, directory::QuotaUsed>;
  bool count(ByKey& held) const;
  // Whose keys they are. Where two accounts have one key nobody can tell whose mail it is: neither is told of.
  void name(const ByKey& held, const directory::Snapshot& directory);

  Parts parts_;
  std::unordered_map<Key, AccountId> names_;  // by the directory of `named_by_`; of nobody, or of several: AccountId{}
  storage::Version named_by_{};
  std::unordered_map<AccountId, directory::QuotaUsed> told_;
  std::mutex mutex_;
  bool stopped_ = false;  // with mutex_, as each beat
};

}  // namespace hikyaku::delivery
