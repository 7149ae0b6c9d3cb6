// Imports whose text takes the place of what was there, a whole table or the rows of a list or a source: nothing of a text with a faulty
// row, and rows that would be lost only with --yes.
#pragma once

#include <string>
#include <vector>

#include "apps/cli/access/directory_import.h"
#include "services/directory/row_changes.h"

namespace hikyaku::cli {

// FILE, those `between`, --dry-run, --yes.
[[nodiscard]] std::vector<Option> table_import_options(std::vector<Option> between = {});

// Of rows whose order means nothing, and of whose equal keys the last counts.
[[nodiscard]] directory::RowChanges unordered_changes(const std::vector<directory::KeyedRow>& former, const std::vector<directory::KeyedRow>& wanted);

// Nothing is taken of this text: says so, with its faulty rows.
[[nodiscard]] Exit refuse_table(const Invocation& call, std::vector<directory::BadRow> bad);

// Whether the change is to be made now: no dry run, and no row goes without --yes.
[[nodiscard]] bool may_replace(const Invocation& call, const directory::RowChanges& changes);

// After it was made, or not: how many rows are new, changed, unchanged and removed. `follows`: what it does that rows go, one sentence, or empty.
[[nodiscard]] Exit report_table(const Invocation& call, const directory::RowChanges& changes, const Words& follows);
// Its end, for reports of another form: the rows that go, and that nothing was changed where --yes is missing (Problem; else Done). Not for JSON.
[[nodiscard]] Exit tell_removed(const Invocation& call, const directory::RowChanges& changes, const Words& follows);
// Its members of an object that is open.
void write_changes(telemetry::JsonWriter& json, const Invocation& call, const directory::RowChanges& changes);

}  // namespace hikyaku::cli
