// Holds, as the editor changes them. What a hold has already stopped must stay so: a running hold's start and selector are
// history, and so is all of an ended one.
#include <algorithm>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {

using storage::Erase;
using storage::Put;

namespace {

constexpr Duration store_limit = 30s;
constexpr auto furthest_past = std::chrono::days{60};

std::string name_of(const Hold& hold) { return "Hold " + std::to_string(hold.id); }

DirectoryResult<const Hold*> find_one(const Snapshot& snapshot, std::uint64_t id) {
  const auto& holds = snapshot.contents().holds;
  const auto found = std::ranges::find(holds, id, &Hold::id);
  if (found == holds.end()) return refuse(DirectoryFailure::NotFound, "There is no hold " + std::to_string(id) + "; see: hikyaku hold list --ended");
  return &*found;
}

DirectoryResult<> check_account(const Snapshot& snapshot, const Hold& hold) {
  if (hold.scope != HoldScope::Account && hold.scope != HoldScope::SentBy) return {};
  const auto address = parse_address(hold.pattern);
  if (address && snapshot.account(*address)) return {};
  return refuse(DirectoryFailure::NotFound, "There is no account " + hold.pattern + "; see: hikyaku account list");
}

}  // namespace

DirectoryResult<std::uint64_t> Editor::last_hold() const {
  auto last = engine_.get(partition, rows::last_hold_key, std::chrono::steady_clock::now() + store_limit);
  if (!last) return refuse(last.error());
  Cursor in(*last ? std::string_view(**last) : "0");
  return parse_number(in, UINT64_MAX - 1).value_or(0);
}

DirectoryResult<Hold> Editor::add_hold(Hold hold, WallTime now) {
  auto pattern = normal_hold_pattern(hold.scope, hold.pattern);
  if (!pattern) return refuse(DirectoryFailure::BadValue, std::move(pattern).error());
  hold.pattern = std::move(*pattern);
  hold.created = now;
  if (auto why = why_no_hold(hold); !why.empty()) return refuse(DirectoryFailure::BadValue, std::move(why));
  if (hold.end <= now) return refuse(DirectoryFailure::BadValue, "The hold would be over already; give a later --end.");
  if (hold.start < now - furthest_past) return refuse(DirectoryFailure::BadValue, "A hold cannot start more than 60 days back; give a later --start.");
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY_VOID(check_account(snapshot, hold));
    Changes changes;
    std::size_t alive = 0;
    for (const auto& old : snapshot.contents().holds) {
      if (old.stage(now) != HoldStage::Ended) ++alive;
      else if (old.end + holds_are_kept < now) changes.emplace_back(Erase{rows::hold_key(old.id)});
    }
    if (alive >= most_holds) return refuse(DirectoryFailure::BadValue, "There are 1,000 holds already; release those that are over, or use a pattern.");
    TRY(last, last_hold());
    hold.id = last + 1;
    changes.emplace_back(Put{std::string(rows::last_hold_key), std::to_string(hold.id)});
    changes.emplace_back(Put{rows::hold_key(hold.id), rows::encode(hold)});
    return changes;
  }));
  return hold;
}

DirectoryResult<Hold> Editor::change_hold(std::uint64_t id, const HoldChange& change, WallTime now) {
  Hold changed;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(old, find_one(snapshot, id));
    const auto stage = old->stage(now);
    if (stage == HoldStage::Ended) return refuse(DirectoryFailure::BadValue, name_of(*old) + " is over; add a new one.");
    if (stage == HoldStage::Running && change.start && *change.start != old->start)
      return refuse(DirectoryFailure::BadValue, name_of(*old) + " has begun, its start stays; change its end, or release it.");
    if (change.end && *change.end <= now) return refuse(DirectoryFailure::BadValue, "That time is past; end it now with: hikyaku hold release " + std::to_string(id));
    changed = *old;
    const auto take = [](auto& into, const auto& from) { if (from) into = *from; };
    take(changed.reason, change.reason), take(changed.owner, change.owner), take(changed.other_route, change.other_route);
    take(changed.action, change.action), take(changed.start, change.start), take(changed.end, change.end);
    if (auto why = why_no_hold(changed); !why.empty()) return refuse(DirectoryFailure::BadValue, std::move(why));
    if (changed == *old) return Changes{};
    return Changes{Put{rows::hold_key(id), rows::encode(changed)}};
  }));
  return changed;
}

DirectoryResult<Hold> Editor::release_hold(std::uint64_t id, WallTime now) {
  Hold released;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(old, find_one(snapshot, id));
    if (old->stage(now) == HoldStage::Planned)
      return refuse(DirectoryFailure::BadValue, name_of(*old) + " has not begun; take it back with: hikyaku hold remove " + std::to_string(id));
    if (!old->runs(now)) return refuse(DirectoryFailure::BadValue, name_of(*old) + " is over already; see: hikyaku hold show " + std::to_string(id));
    released = *old;
    released.end = now;
    return Changes{Put{rows::hold_key(id), rows::encode(released)}};
  }));
  return released;
}

DirectoryResult<Hold> Editor::remove_hold(std::uint64_t id, WallTime now) {
  Hold removed;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(old, find_one(snapshot, id));
    removed = *old;
    if (old->runs(now)) return refuse(DirectoryFailure::InUse, name_of(*old) + " is running; end it with: hikyaku hold release " + std::to_string(id));
    if (old->stage(now) == HoldStage::Ended)
      return refuse(DirectoryFailure::InUse, name_of(*old) + " is over, but its time must stay out of retry periods; it goes by itself 120 days after its end.");
    return Changes{Erase{rows::hold_key(id)}};
  }));
  return removed;
}

}  // namespace hikyaku::directory
