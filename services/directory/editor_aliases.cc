// Aliases, as the editor changes them: one by one, and many by an import, whose cost is linear in its rows.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {

using storage::Erase;
using storage::Put;

namespace {

constexpr std::size_t most_alias_targets = 1'000, most_rows_per_commit = 500;

std::string why_not(const Snapshot& snapshot, const Alias& alias) {
  const auto pattern = normal_alias_pattern(alias.pattern);
  if (!pattern) return pattern.error().what;
  const auto domain = pattern->substr(pattern->rfind('@') + 1);
  if (!snapshot.domain(domain)) return "There is no domain " + domain + "; add it with: hikyaku domain add " + domain;
  if (const auto address = parse_address(*pattern); address && snapshot.list(*address)) return "There is a mailing list " + *pattern + "; choose another name.";
  // Of an account's own name: the account gets its mail only by being a target itself.
  const bool names_itself = std::ranges::any_of(alias.targets, [&](const auto& target) { return equal_ignoring_case(target, *pattern); });
  if (names_itself && (pattern->find('*') != std::string::npos || !snapshot.account(*parse_address(*pattern))))
    return "The alias " + *pattern + " leads to itself, and there is no account of that name to keep a copy; name other targets.";
  if (alias.targets.empty()) return "The alias " + *pattern + " has no target; name at least one address.";
  if (alias.targets.size() > most_alias_targets) return "The alias " + *pattern + " has more than 1,000 targets; make a list of it.";
  for (const auto& target : alias.targets)
    if (!parse_address(target) || target.find('*') != std::string::npos)
      return "The target \"" + target + "\" is not an address; write user@domain.";
  return {};
}

// `alias` with the targets of `more` it has not yet.
Alias merged(Alias alias, const std::vector<std::string>& more) {
  for (const auto& target : more) {
    const auto same = [&](const std::string& old) { return equal_ignoring_case(old, target); };
    if (std::ranges::none_of(alias.targets, same)) alias.targets.push_back(target);
  }
  return alias;
}

// Rows that are being gathered into aliases, each row looked at once.
class AliasRows {
 public:
  explicit AliasRows(const Snapshot& snapshot) : snapshot_(snapshot) {}

  // Whether the snapshot has all of the row.
  [[nodiscard]] bool has(const Alias& row) const {
    const auto normal = normal_alias_pattern(row.pattern);
    const auto gathered = normal ? gathered_.find(*normal) : gathered_.end();
    return gathered != gathered_.end() && !row.targets.empty() && std::ranges::all_of(row.targets, [&](const auto& target) { return gathered->second.before.contains(ascii_lower(target)); });
  }

  // "" when the row was taken.
  std::string take(const Alias& row) {
    const auto normal = normal_alias_pattern(row.pattern);
    if (!normal) return normal.error().what;
    auto& alias = gathered_.try_emplace(*normal, *this, *normal).first->second;
    const Alias only_new{*normal, row.targets};
    if (auto why = why_not(snapshot_, only_new); !why.empty()) return why;
    const auto more = std::ranges::count_if(row.targets, [&](const auto& target) { return !alias.known.contains(ascii_lower(target)); });
    if (alias.value.targets.size() + static_cast<std::size_t>(more) > most_alias_targets)
      return "The alias " + *normal + " has more than 1,000 targets; make a list of it.";
    for (const auto& target : row.targets)
      if (alias.known.insert(ascii_lower(target)).second) alias.value.targets.push_back(target), alias.changed = true;
    return {};
  }

  [[nodiscard]] std::vector<storage::Change> changes() const {
    std::vector<storage::Change> changes;
    for (const auto& [pattern, alias] : gathered_)
      if (alias.changed) changes.emplace_back(Put{rows::alias_key(pattern), rows::encode(alias.value)});
    return changes;
  }

 private:
  struct Gathered {
    Gathered(const AliasRows& rows, const std::string& pattern) : value{pattern, {}} {
      if (const auto* kept = rows.snapshot_.alias(pattern)) value = *kept;
      for (const auto& target : value.targets) known.insert(ascii_lower(target));
      before = known;
    }
    Alias value;
    std::unordered_set<std::string> known, before;
    bool changed = false;
  };
  const Snapshot& snapshot_;
  std::map<std::string, Gathered> gathered_;
};

}  // namespace

DirectoryResult<std::string> normal_alias_pattern(std::string_view pattern) {
  const auto folded = fold_pattern(pattern);
  const auto address = parse_address(folded);
  const auto star = folded.find('*');
  const bool star_fits = star == std::string::npos || (address && star + 1 == address->local_part.size());
  if (!address || !star_fits || folded.find_first_of(" ,\t") != std::string::npos)
    return refuse(DirectoryFailure::BadValue, "\"" + std::string(pattern) + "\" is not an alias; write name@domain, prefix*@domain or *@domain.");
  return folded;
}

DirectoryResult<> Editor::add_alias(std::string_view pattern, const std::vector<std::string>& targets) {
  TRY(normal, normal_alias_pattern(pattern));
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* old = snapshot.alias(normal);
    const auto alias = merged(old ? *old : Alias{normal, {}}, targets);
    if (auto why = why_not(snapshot, alias); !why.empty()) return refuse(DirectoryFailure::BadValue, std::move(why));
    return Changes{Put{rows::alias_key(normal), rows::encode(alias)}};
  });
}

DirectoryResult<> Editor::remove_alias(std::string_view pattern, const std::vector<std::string>& targets) {
  const auto folded = fold_pattern(pattern);
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* old = snapshot.alias(folded);
    if (!old) return refuse(DirectoryFailure::NotFound, "There is no alias " + folded + "; see: hikyaku alias list");
    auto alias = *old;
    std::erase_if(alias.targets, [&](const std::string& target) {
      return std::ranges::any_of(targets, [&](const auto& gone) { return equal_ignoring_case(gone, target); });
    });
    if (!targets.empty() && alias.targets.size() == old->targets.size())
      return refuse(DirectoryFailure::NotFound, "The alias " + folded + " has no such target; see: hikyaku alias list");
    if (targets.empty() || alias.targets.empty()) return Changes{Erase{rows::alias_key(folded)}};
    return Changes{Put{rows::alias_key(folded), rows::encode(alias)}};
  });
}

DirectoryResult<std::vector<Editor::Rejected>> Editor::add_aliases(const std::vector<Alias>& aliases, Run run) {
  std::vector<Rejected> rejected;
  Editor quiet = *this;  // waits for the readers once, at the end
  quiet.seen_ = nullptr;
  for (std::size_t begin = 0; begin < aliases.size(); begin += most_rows_per_commit) {
    const auto end = std::min(aliases.size(), begin + most_rows_per_commit);
    std::vector<Rejected> of_part;
    TRY_VOID(quiet.edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      of_part.clear();
      AliasRows rows(snapshot);
      for (std::size_t i = begin; i < end; ++i)
        if (auto why = rows.take(aliases[i]); !why.empty()) of_part.push_back({i, std::move(why)});
        else if (rows.has(aliases[i])) of_part.push_back({i, {}, Rejection::ThereAlready});
      return run == Run::Really ? rows.changes() : Changes{};
    }));
    rejected.insert(rejected.end(), of_part.begin(), of_part.end());
  }
  TRY(after, read());
  if (auto seen = wait_until_seen(after->version()); !seen && seen.error().kind != DirectoryFailure::NotSeen) return failure(std::move(seen).error());
  return rejected;
}

}  // namespace hikyaku::directory
