#include "services/delivery/account_care.h"

#include <algorithm>

namespace hikyaku::delivery {

using mailboxes::MailboxFailure;
using mailboxes::MailboxResult;

void AccountCare::begin_round(std::vector<TraceId> forget_below) {
  forget_below_ = std::move(forget_below);
  ++round_;
  std::erase_if(known_, [&](const auto& one) { return one.second.round + 1 < round_; });
}

bool AccountCare::notes_are_due(const Known& known) const {
  return std::ranges::any_of(forget_below_, [&](const TraceId& below) {
    for (std::size_t i = 0; i < known.journals.size(); ++i)
      if (known.journals[i].node == below.node && known.journals[i].journal == below.journal)
        return known.first_notes[i] && *known.first_notes[i] < below;
    return true;  // a journal that was not asked about then
  });
}

// First where the bodies end now; an hour later, up to there.
bool AccountCare::search_is_due(const Known& known) const {
  if (known.searched) return false;
  const auto now = parts_.clock.now();
  if (known.marked) return now - known.until_at >= orphan_age;
  return !known.ever_searched || now - known.searched_at >= search_every;
}

bool AccountCare::needs_nothing(const Known& known, storage::Version version) const {
  return version == known.version && !known.left_soon && !search_is_due(known) && !notes_are_due(known);
}

MailboxResult<AccountCare::Tended> AccountCare::tend(AccountId account) {
  Deadline deadline = parts_.clock.now() + longest;
  auto& known = known_[account];
  known.round = round_;
  auto& mailboxes = parts_.mailboxes;
  TRY(before, mailboxes.version(account, deadline));
  if (needs_nothing(known, before)) return Tended{What::Nothing, 0};
  known.left_soon = true;  // until all below has ended well
  // What came since may have left a body behind as well: the next stretch is searched when it is old enough.
  if (before != known.version) known.searched = false;
  for (const auto& below : forget_below_) TRY_VOID(mailboxes.forget_deliveries(account, below, deadline));
  TRY_VOID(mailboxes.forget_deliveries_of(account, parts_.generated.node, parts_.generated.journal, parts_.is_over, deadline));
  TRY(collected, mailboxes.collect_expunged(account, deadline));
  TRY(orphans, search(account, known, parts_.clock.now() + longest_search));
  deadline = parts_.clock.now() + longest;
  TRY(version, mailboxes.version(account, deadline));  // before the look: what comes now is seen next time
  TRY(left, mailboxes.what_is_left(account, forget_below_, parts_.generated, deadline));
  known.version = version;
  known.left_soon = left.soon || collected.more;
  known.journals = forget_below_;
  known.first_notes = std::move(left.first_notes);
  mailboxes.rest(account);
  return Tended{What::Tended, orphans};
}

MailboxResult<std::uint64_t> AccountCare::search(AccountId account, Known& known, Deadline deadline) {
  const auto now = parts_.clock.now();
  if (!search_is_due(known)) return 0;
  if (!known.marked) {
    TRY(mark, parts_.mailboxes.body_mark(account, deadline));
    known.until = std::move(mark), known.until_at = now, known.marked = true;
    return 0;
  }
  auto found = parts_.mailboxes.collect_orphans(account, known.from, known.until, deadline);
  if (!found && found.error().kind == MailboxFailure::Busy) return 0;  // the next round finds it quieter
  if (!found) return failure(found.error());
  known.from = found->next;
  if (found->more) return found->bodies;
  known.marked = false, known.searched = known.ever_searched = true, known.searched_at = now;
  return found->bodies;
}

}  // namespace hikyaku::delivery
