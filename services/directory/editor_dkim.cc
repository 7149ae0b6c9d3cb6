// DKIM keys, as the editor changes them: which selector signs for which domain. Private keys are not its concern.
#include <algorithm>

#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {

using storage::Erase;
using storage::Put;

namespace {

DirectoryResult<DkimKey> find_key(const Snapshot& snapshot, std::string_view domain, std::string_view selector) {
  for (const auto& key : snapshot.dkim_keys(fold_domain(domain)))
    if (key.selector == fold_domain(selector)) return key;
  return refuse(DirectoryFailure::NotFound, "There is no DKIM key " + std::string(selector) + " of " + std::string(domain) + "; see: hikyaku dkim key list");
}

std::string key_of(const DkimKey& key) { return rows::dkim_key(key.domain, key.selector); }
Put row_of(const DkimKey& key) { return Put{key_of(key), rows::encode(key)}; }

}  // namespace

DirectoryResult<> Editor::add_dkim_key(DkimKey key) {
  key.domain = fold_domain(key.domain);
  key.selector = fold_domain(key.selector);
  if (!is_domain(key.domain) || key.domain.front() == '[')
    return refuse(DirectoryFailure::BadValue, "\"" + key.domain + "\" is not a domain name; write one such as example.jp.");
  if (!is_selector(key.selector, key.domain))
    return refuse(DirectoryFailure::BadValue, "\"" + key.selector + "\" cannot be a selector; use letters, digits and hyphens, as in mail2026.");
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    if (snapshot.domain(key.domain) == nullptr)
      return refuse(DirectoryFailure::NotFound, "There is no domain " + key.domain + "; add it with: hikyaku domain add " + key.domain);
    const auto there = snapshot.dkim_keys(key.domain);
    if (std::ranges::find(there, key.selector, &DkimKey::selector) != there.end())
      return refuse(DirectoryFailure::AlreadyExists, "The selector " + key.selector + " of " + key.domain + " is in use; choose another one.");
    if (there.size() >= most_keys_of_a_domain)
      return refuse(DirectoryFailure::BadValue, key.domain + " has 20 DKIM keys already; remove the retired ones: hikyaku dkim key list");
    return Changes{row_of(key)};
  });
}

DirectoryResult<> Editor::dkim_key_seen(std::string_view domain, std::string_view selector, std::optional<WallTime> published) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(key, find_key(snapshot, domain, selector));
    const auto since = published.value_or(WallTime{});
    if (key.stage != DkimStage::Prepared || (since == WallTime{}) == (key.published == WallTime{})) return Changes{};
    key.published = since;
    return Changes{row_of(key)};
  });
}

DirectoryResult<DkimKey> Editor::activate_dkim_key(std::string_view domain, std::string_view selector, WallTime now) {
  DkimKey active;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(key, find_key(snapshot, domain, selector));
    active = std::move(key);
    if (active.stage == DkimStage::Active) return Changes{};
    Changes changes;
    for (auto other : snapshot.dkim_keys(active.domain)) {
      if (other.stage != DkimStage::Active || other.algorithm != active.algorithm) continue;
      other.stage = DkimStage::Retired;
      other.retired = now;
      changes.emplace_back(row_of(other));
    }
    active.stage = DkimStage::Active;
    active.activated = now;
    active.retired = {};
    changes.emplace_back(row_of(active));
    return changes;
  }));
  return active;
}

DirectoryResult<DkimKey> Editor::retire_dkim_key(std::string_view domain, std::string_view selector, WallTime now) {
  DkimKey retired;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(key, find_key(snapshot, domain, selector));
    retired = std::move(key);
    if (retired.stage == DkimStage::Retired) return Changes{};
    retired.stage = DkimStage::Retired;
    retired.retired = now;
    return Changes{row_of(retired)};
  }));
  return retired;
}

DirectoryResult<DkimKey> Editor::remove_dkim_key(std::string_view domain, std::string_view selector) {
  DkimKey removed;
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(key, find_key(snapshot, domain, selector));
    removed = std::move(key);
    if (removed.stage == DkimStage::Active)
      return refuse(DirectoryFailure::InUse, "The key " + removed.selector + " of " + removed.domain + " signs mail now; retire it first: hikyaku dkim key retire " + removed.domain + " " + removed.selector);
    return Changes{Erase{key_of(removed)}};
  }));
  return removed;
}

}  // namespace hikyaku::directory
