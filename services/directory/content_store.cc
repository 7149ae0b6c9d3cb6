#include "services/directory/content_store.h"

#include <algorithm>
#include <set>

#include "base/wire.h"
#include "services/directory/directory.h"
#include "services/directory/verifier.h"

namespace hikyaku::directory {
namespace {

constexpr std::uint8_t format = 1;
constexpr Duration store_limit = 10s, follow_limit = 10s;
constexpr int most_tries = 50;

Deadline soon() { return std::chrono::steady_clock::now() + store_limit; }
std::string key_of(std::string_view name) { return "c" + std::string(name); }
std::string encode(const ContentRow& row) { return WireWriter{}.u8(format).text(print_content_row(row)).bytes(); }

std::optional<ContentRow> decode(std::string_view value) {
  WireReader in(value);
  const auto written = in.u8();
  const auto line = in.text();
  if (!in.complete() || written != format) return std::nullopt;
  return parse_content_row(line);
}

}  // namespace

DirectoryResult<ContentRows> read_content(storage::Engine& engine, Deadline deadline) {
  for (int tries = 0; tries < most_tries; ++tries) {
    ContentRows out;
    bool changed_between = false;
    storage::Scan range{.from = "c", .until = "d"};
    for (bool first = true;; first = false) {
      const auto page = engine.scan(partition, range, deadline);
      if (!page) return refuse(page.error());
      if (first) out.version = page->version;
      changed_between |= page->version != out.version;
      for (const auto& row : page->rows)
        if (auto one = decode(row.value)) out.rows.push_back(*std::move(one));  // one unreadable row must not stop all mail
      if (!page->more || page->rows.empty()) break;
      range.from = page->rows.back().key + '\0';
    }
    if (!changed_between) return out;
  }
  return refuse(DirectoryFailure::Unavailable, "Others keep changing the directory; try again in a moment.");
}

DirectoryResult<> ContentEditor::wait_until_seen(storage::Version version) const {
  if (!seen_) return {};
  const auto behind = seen_->wait_until_seen(version, std::chrono::steady_clock::now() + follow_limit);
  if (behind.empty()) return {};
  std::string names;
  for (const auto& name : behind) names += (names.empty() ? "" : ", ") + name;
  return refuse(DirectoryFailure::NotSeen, "The change is made, but these services have not taken it up yet: " + names + "; look at them with: hikyaku status");
}

// Reads, lets `decide` fill a batch, commits it if nothing changed meanwhile, waits until it is seen.
DirectoryResult<> ContentEditor::edit(Run run, const std::function<DirectoryResult<Changes>(const std::vector<ContentRow>&)>& decide) {
  const auto request = random_octets(16);
  for (int tries = 0; tries < most_tries; ++tries) {
    TRY(there, read_content(engine_, soon()));
    TRY(changes, decide(there.rows));
    if (run == Run::Dry) return {};
    if (changes.empty()) return wait_until_seen(there.version);
    storage::Batch batch{.request = storage::RequestId{request + static_cast<char>(tries)}};
    batch.changes.emplace_back(storage::ExpectVersion{there.version});
    batch.changes.insert(batch.changes.end(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
    auto done = engine_.commit(partition, batch, storage::Durability::Flushed, soon());
    for (int again = 0; !done && done.error().kind == storage::StoreFailure::OutcomeUnknown && again < 3; ++again) done = engine_.commit(partition, batch, storage::Durability::Flushed, soon());
    if (done) return wait_until_seen(done->version);
    if (done.error().kind != storage::StoreFailure::Conflict) return refuse(done.error());
  }
  return refuse(DirectoryFailure::Unavailable, "Others keep changing the directory; try again in a moment.");
}

DirectoryResult<ContentEditor::Changed> ContentEditor::set(const std::vector<ContentRow>& rows, Run run) {
  for (const auto& row : rows)
    if (auto normal = normal_content_row(row); !normal) return refuse(DirectoryFailure::BadValue, std::move(normal).error());
  Changed changed;
  TRY_VOID(edit(run, [&](const std::vector<ContentRow>& there) -> DirectoryResult<Changes> {
    changed = {};
    Changes changes;
    std::set<std::string_view> names;
    for (const auto& row : there) names.insert(row.name);
    for (const auto& row : rows) {
      const auto old = std::ranges::find(there, row.name, &ContentRow::name);
      auto same = row;
      if (old != there.end()) same.added = old->added;
      if (old != there.end() && *old == same) {
        ++changed.unchanged;
        continue;
      }
      ++(old != there.end() ? changed.replaced : changed.added);
      names.insert(row.name);
      changes.emplace_back(storage::Put{key_of(row.name), encode(row)});
    }
    if (names.size() > most_content_rows) return refuse(DirectoryFailure::BadValue, "There would be more than 1,000 rows, each of which is tried on every message; join some by one expression.");
    return changes;
  }));
  return changed;
}

DirectoryResult<std::size_t> ContentEditor::remove(const std::vector<std::string>& names, Run run) {
  std::size_t removed = 0;
  TRY_VOID(edit(run, [&](const std::vector<ContentRow>& there) -> DirectoryResult<Changes> {
    Changes changes;
    for (const auto& row : there)
      if (std::ranges::find(names, row.name) != names.end()) changes.emplace_back(storage::Erase{key_of(row.name)});
    removed = changes.size();
    return changes;
  }));
  return removed;
}

}  // namespace hikyaku::directory
