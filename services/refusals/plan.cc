#include "services/refusals/plan.h"

#include <algorithm>

namespace hikyaku::refusals {
namespace {

using policy::LedgerEntry;

// A greylisted server comes in by itself at its next try; only who misses that for hours needs help.
constexpr std::chrono::hours greylisted_alone{2};

bool is_giving_up(const LedgerEntry& entry, const Terms& terms, WallTime now) {
  if (policy::has_given_up(entry, now)) return false;
  if (entry.rule == "greylist" && now - entry.first < greylisted_alone) return false;
  return policy::may_give_up(entry, now) - now <= terms.before;
}

}  // namespace

Plan plan(const policy::Ledger& ledger, const Told& told, const Terms& terms, WallTime now) {
  Plan made;
  for (const auto* entry : ledger.entries()) {
    if (entry->tries < 2 || entry->came_in()) continue;
    const bool notice = terms.notices == Wanted::Yes && !told.noticed(entry->key) && is_giving_up(*entry, terms, now);
    // What happened before anybody watched is too old to be news.
    const bool gone = terms.recipients == Wanted::Yes && !told.recipient_told(entry->key) && entry->last >= told.begun && policy::has_given_up(*entry, now);
    if (!notice && !gone) continue;
    auto likely = policy::likelihood(*entry, ledger.neighbours(entry->key.network));
    if (likely.percent < terms.likely_percent) continue;
    (notice ? made.giving_up : made.given_up).push_back({entry, std::move(likely)});
  }
  std::ranges::sort(made.giving_up, {}, [now](const Row& row) { return policy::may_give_up(*row.entry, now); });
  std::ranges::sort(made.given_up, {}, [](const Row& row) { return std::tie(row.entry->key.recipient, row.entry->key.network, row.entry->key.sender); });
  if (made.giving_up.size() > most_notice_rows) made.giving_up.resize(most_notice_rows);
  if (made.given_up.size() > most_given_up_rows) made.given_up.resize(most_given_up_rows);
  return made;
}

DigestRows digest_rows(const policy::Ledger& ledger, WallTime from, WallTime until) {
  DigestRows found;
  for (const auto* entry : ledger.entries()) {
    if (entry->came_in() || entry->last < from || entry->last >= until) continue;
    found.rows.push_back({entry, policy::likelihood(*entry, ledger.neighbours(entry->key.network))});
  }
  std::ranges::sort(found.rows, [](const Row& a, const Row& b) { return std::tuple(a.likely.percent, a.entry->tries, a.entry->last) > std::tuple(b.likely.percent, b.entry->tries, b.entry->last); });
  if (found.rows.size() > most_digest_rows) {
    found.left_out = found.rows.size() - most_digest_rows;
    found.rows.resize(most_digest_rows);
  }
  return found;
}

}  // namespace hikyaku::refusals
