// AccountCare: what one account's mailbox needs now and then, and when it needs nothing. Notes of deliveries that cannot be
// repeated are forgotten, expunged messages and their bodies collected, and once a day, and after a start, bodies that no
// record names. An account that nobody touched, and in which time alone makes nothing due, costs one look at its version.
// Blocking; one thread at a time.
#pragma once

#include <map>
#include <vector>

#include "services/mailboxes/mailboxes.h"

namespace hikyaku::delivery {

class AccountCare {
 public:
  struct Parts {
    mailboxes::Mailboxes& mailboxes;
    const Clock& clock;
    TraceId generated;  // node and journal of the mail we generate
    mailboxes::Mailboxes::IsOver is_over;
  };
  // Far above the longest deadline of an append or a delivery: an older body without a record will never get one.
  static constexpr Duration orphan_age = 1h;
  static constexpr Duration search_every = 24h;
  static constexpr Duration longest = 2s;  // for one account; what is not finished goes on with the next round
  static constexpr Duration longest_search = 10s;  // of orphans, once a day: a page of bodies on a cold disk

  explicit AccountCare(Parts parts) : parts_(std::move(parts)) {}

  // `forget_below`: of each journal, the id below which no delivery can be repeated. Accounts not tended since the round before
  // the last are forgotten.
  void begin_round(std::vector<TraceId> forget_below);
  enum class What : std::uint8_t { Nothing, Tended };
  struct Tended {
    What what = What::Tended;
    std::uint64_t orphans = 0;  // bodies without a record, erased
  };
  mailboxes::MailboxResult<Tended> tend(AccountId account);

 private:
  struct Known {
    std::uint64_t round = 0;
    storage::Version version;                       // when all was done that could be done
    bool left_soon = true;
    std::vector<std::optional<TraceId>> first_notes;  // beside forget_below_ as it was then
    std::vector<TraceId> journals;
    // The search of orphans: from `from` until `until`, where the bodies ended at `until_at`.
    storage::BlobMark from, until;
    Instant until_at{}, searched_at{};
    bool marked = false, searched = false, ever_searched = false;
  };
  [[nodiscard]] bool needs_nothing(const Known& known, storage::Version version) const;
  [[nodiscard]] bool search_is_due(const Known& known) const;
  [[nodiscard]] bool notes_are_due(const Known& known) const;
  mailboxes::MailboxResult<std::uint64_t> search(AccountId account, Known& known, Deadline deadline);

  Parts parts_;
  std::vector<TraceId> forget_below_;
  std::uint64_t round_ = 0;
  std::map<AccountId, Known> known_;
};

}  // namespace hikyaku::delivery
