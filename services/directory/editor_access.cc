// Access rows, as the editor changes them.
#include <algorithm>
#include <span>
#include <tuple>

#include "services/directory/editor.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {
namespace {

std::tuple<AccessWho, std::string_view, std::string_view> place_of(const AccessRow& row) { return {row.who, row.pattern, row.source}; }

bool is_expression(const AccessRow& row) { return row.pattern.starts_with('/'); }

}  // namespace

DirectoryResult<Editor::AccessChanged> Editor::set_access(const std::vector<AccessRow>& rows, Run run) {
  for (const auto& row : rows)
    if (auto why = why_no_access_row(row); !why.empty()) return refuse(DirectoryFailure::BadValue, std::move(why));
  AccessChanged changed;
  for (std::size_t from = 0; from < rows.size(); from += rows_a_commit) {
    const std::span part(rows.data() + from, std::min(rows_a_commit, rows.size() - from));
    AccessChanged of_part;
    const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      of_part = {};
      Changes changes;
      const auto& there = snapshot.contents().access;
      const auto expressions = std::ranges::count_if(there, is_expression) + std::ranges::count_if(part, is_expression);
      if (expressions > most_access_expressions) return refuse(DirectoryFailure::BadValue, "There would be more than 2,000 expressions, each of which is tried on every client; use names and .domains.");
      if (there.size() + part.size() > most_access_rows) return refuse(DirectoryFailure::BadValue, "There would be more than 200,000 rows; use networks, .domains or expressions.");
      for (const auto& row : part) {
        const auto old = std::ranges::lower_bound(there, place_of(row), {}, place_of);
        const bool is_there = old != there.end() && place_of(*old) == place_of(row);
        if (is_there && old->action == row.action && old->expires == row.expires && old->note == row.note) {
          ++of_part.unchanged;
          continue;
        }
        ++(is_there ? of_part.replaced : of_part.added);
        changes.emplace_back(storage::Put{rows::access_key(row), rows::encode(row)});
      }
      return changes;
    };
    TRY_VOID(edit(decide, run));
    changed.added += of_part.added, changed.replaced += of_part.replaced, changed.unchanged += of_part.unchanged;
  }
  return changed;
}

DirectoryResult<std::size_t> Editor::remove_access(const std::function<bool(const AccessRow&)>& selects, Run run) {
  for (std::size_t removed = 0;;) {
    std::size_t now = 0;
    const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      Changes changes;
      for (const auto& row : snapshot.contents().access)
        if (selects(row) && (run == Run::Dry || changes.size() < rows_a_commit)) changes.emplace_back(storage::Erase{rows::access_key(row)});
      now = changes.size();
      return changes;
    };
    TRY_VOID(edit(decide, run));
    removed += now;
    if (run == Run::Dry || now < rows_a_commit) return removed;
  }
}

}  // namespace hikyaku::directory
