// What the commands about content rows have in common: the rows of this server, opened; and how a row is shown.
#pragma once

#include <string>

#include "apps/cli/access/data_access.h"
#include "services/directory/content_store.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

struct ContentStore {
  storage::Engine& engine;
  directory::ContentEditor editor;
};

// Opens, calls, and prints what went wrong.
using ContentWork = directory::DirectoryResult<Exit> (*)(Invocation& call, ContentStore& store);
[[nodiscard]] Exit with_content(Invocation& call, ContentWork work);
[[nodiscard]] directory::DirectoryResult<directory::ContentRows> rows_now(ContentStore& store);
// A change is told in the log, with who made it.
void tell_content(Invocation& call);
[[nodiscard]] directory::ContentEditor::Run run_of_content(const Invocation& call);  // by --dry-run


// "header Subject: lottery and body: free"
[[nodiscard]] std::string conditions_text(const Invocation& call, const directory::ContentRow& row);
// The members of a row in JSON but for the row's end.
void write_content_row(telemetry::JsonWriter& json, const directory::ContentRow& row);

}  // namespace hikyaku::cli
