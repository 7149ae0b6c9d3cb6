// Suspensions, as the editor changes them: the row and the hold of what was queued change together.
#include <algorithm>

#include "base/cursor.h"
#include "services/directory/editor.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {

using storage::Put;

namespace {

DirectoryResult<const Account*> find_one(const Snapshot& snapshot, AccountId id) {
  const auto* account = snapshot.account(id);
  if (account == nullptr) return refuse(DirectoryFailure::NotFound, "The account is no more; see: hikyaku account list");
  return account;
}

// One line, and not too long for a row.
std::string printable(std::string text) {
  if (text.size() > longest_suspension_text) text.resize(longest_suspension_text);
  for (char& c : text)
    if (is_ctl(c)) c = ' ';
  return text;
}

Suspension former(const Snapshot& snapshot, AccountId id) {
  const auto& all = snapshot.contents().suspensions;
  const auto found = std::ranges::find(all, id, &Suspension::account);
  return found == all.end() ? Suspension{.account = id, .in_force = Enabled::No} : *found;
}

}  // namespace

DirectoryResult<Suspension> Editor::suspend(AccountId id, std::string_view by, std::string why, Sessions sessions, WallTime now) {
  Suspension made;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(account, find_one(snapshot, id));
    if (snapshot.suspension(id) != nullptr) return refuse(DirectoryFailure::AlreadyExists, account->address.text() + " is suspended already; see: hikyaku account show " + account->address.text());
    TRY(last, last_hold());
    made = former(snapshot, id);
    made.in_force = Enabled::Yes, made.since = now, made.by = printable(std::string(by)), made.why = printable(why), made.hold = last + 1;
    if (sessions == Sessions::End) made.sessions_end = now;
    Hold hold{.id = made.hold, .scope = HoldScope::SentBy, .pattern = ascii_lower(account->address.text()), .reason = "The account is suspended", .owner = made.by, .created = now, .start = now};
    return Changes{Put{std::string(rows::last_hold_key), std::to_string(hold.id)}, Put{rows::hold_key(hold.id), rows::encode(hold)}, Put{rows::suspension_key(id), rows::encode(made)}};
  }));
  return made;
}

DirectoryResult<> Editor::end_sessions(AccountId id, WallTime now) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY_VOID(find_one(snapshot, id));
    auto one = former(snapshot, id);
    one.sessions_end = std::max(one.sessions_end, now);
    return Changes{Put{rows::suspension_key(id), rows::encode(one)}};
  });
}

DirectoryResult<Suspension> Editor::release_account(AccountId id, WallTime now) {
  Suspension released;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(account, find_one(snapshot, id));
    const auto* there = snapshot.suspension(id);
    if (there == nullptr) return refuse(DirectoryFailure::NotFound, account->address.text() + " is not suspended; nothing was changed.");
    released = *there;
    released.in_force = Enabled::No, released.released = now;
    Changes changes{Put{rows::suspension_key(id), rows::encode(released)}};
    const auto& holds = snapshot.contents().holds;
    if (const auto hold = std::ranges::find(holds, there->hold, &Hold::id); hold != holds.end() && hold->runs(now)) {
      auto over = *hold;
      over.end = now;
      changes.emplace_back(Put{rows::hold_key(over.id), rows::encode(over)});
    }
    return changes;
  }));
  return released;
}

}  // namespace hikyaku::directory
