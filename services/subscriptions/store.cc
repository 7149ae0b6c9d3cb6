#include "services/subscriptions/store.h"

#include <set>

namespace hikyaku::subscriptions {
namespace {

constexpr std::string_view list_end = ".list", state_end = ".state";
constexpr std::uint64_t most_file_octets = 64 << 10;

std::string rows_text(std::size_t count) { return std::to_string(count) + (count == 1 ? " row" : " rows"); }

}  // namespace

io::DiskResult<std::vector<Subscription>> SubscriptionStore::all() const {
  TRY(names, disk_.list(folder_));
  std::vector<Subscription> found;
  for (const auto& name : names)
    if (name.ends_with(list_end))
      if (auto one = find(std::string_view(name).substr(0, name.size() - list_end.size()))) found.push_back(*std::move(one));
  return found;
}

std::optional<Subscription> SubscriptionStore::find(std::string_view name) const {
  if (!is_name(name)) return std::nullopt;
  const auto text = io::read_file(disk_, path(name, list_end), most_file_octets);
  auto read = text ? parse_subscription(*text) : std::nullopt;
  return read && read->name == name ? std::move(read) : std::nullopt;
}

io::DiskResult<> SubscriptionStore::add(const Subscription& subscription) { return io::replace_file(disk_, path(subscription.name, list_end), print(subscription)); }

io::DiskResult<> SubscriptionStore::remove(std::string_view name) {
  (void)disk_.remove(path(name, state_end));
  TRY_VOID(disk_.remove(path(name, list_end)));
  return disk_.sync_folder(folder_);
}

State SubscriptionStore::state(std::string_view name) const {
  const auto text = io::read_file(disk_, path(name, state_end), most_file_octets);
  return text ? parse_state(*text) : State{};
}

io::DiskResult<> SubscriptionStore::keep(std::string_view name, const State& state) { return io::replace_file(disk_, path(name, state_end), print(state)); }

Result<std::string, std::string> SubscriptionStore::read_local(const Subscription& subscription) const {
  auto text = io::read_file(disk_, subscription.from, most_list_octets);
  if (!text) return failure(std::move(text).error().what);
  return *std::move(text);
}

directory::DirectoryResult<Refreshed> SubscriptionStore::take(directory::Editor& editor, const Subscription& subscription, std::string_view text, int percent, Accept accept, WallTime now) {
  const auto parsed = rows_of(subscription, text, now);
  TRY(snapshot, editor.read());
  std::vector<directory::AccessRow> former;
  for (const auto& row : snapshot->contents().access)
    if (row.source == subscription.name) former.push_back(row);
  Refreshed made{.change = difference(former, parsed.rows), .bad = parsed.bad.size()};
  auto known = state(subscription.name);
  known.tried = known.fetched = now, known.bad = parsed.bad.size(), known.waits.clear();
  // An error page is no list.
  if (parsed.bad.size() > parsed.rows.size()) made.why = "most of its lines mean nothing here: is that the list?";
  else if (accept == Accept::Small && is_large(made.change, former.size(), percent))
    made.why = "it would add " + rows_text(made.change.added.size()) + " and remove " + rows_text(made.change.removed.size()) + " of " + std::to_string(former.size());
  if (accept == Accept::Nothing) return made;
  if (made.why.empty()) {
    if (!made.change.added.empty()) TRY_VOID(editor.set_access(made.change.added));
    if (!made.change.removed.empty()) {
      std::set<std::pair<directory::AccessWho, std::string_view>> patterns;
      for (const auto& row : made.change.removed) patterns.emplace(row.who, row.pattern);
      const auto gone = [&](const directory::AccessRow& row) { return row.source == subscription.name && patterns.contains({row.who, row.pattern}); };
      TRY_VOID(editor.remove_access(gone));
    }
    made.in_force = true;
    known.rows = made.change.same + made.change.added.size();
    if (!made.change.empty()) known.changed = now;
  } else {
    known.rows = former.size();
    known.waits = made.why;
  }
  (void)keep(subscription.name, known);
  return made;
}

void SubscriptionStore::failed(const Subscription& subscription, const std::string& why, WallTime now) {
  auto known = state(subscription.name);
  known.tried = now;
  known.waits = why;
  (void)keep(subscription.name, known);
}

bool is_due(const Subscription& subscription, const State& state, WallTime now) {
  // What could not be had is tried again within the hour.
  const auto every = state.fetched < state.tried ? std::min<std::chrono::seconds>(subscription.every, 1h) : subscription.every;
  return now - state.tried >= every || state.tried > now;
}

}  // namespace hikyaku::subscriptions
