// What `policy allow`, `deny`, `remove` and `import` share: whose rows they are about.
#pragma once

#include <optional>

#include "apps/cli/command.h"
#include "services/directory/access.h"
#include "services/directory/directory.h"

namespace hikyaku::cli {

[[nodiscard]] std::vector<Option> who_options();
[[nodiscard]] directory::AccessWho who_of(const Invocation& call);  // a client, unless told otherwise
[[nodiscard]] std::vector<Option> row_options();                    // --source, --note, --until
// A row as row_options() describe it, without pattern and action. Nothing: the mistake was printed.
[[nodiscard]] std::optional<directory::AccessRow> row_of(const Invocation& call, WallTime now);

// Tells whoever sets these rows which of them do more than may be meant (services/policy/danger.h). Silent with --json.
void warn_of_dangers(const Invocation& call, const directory::Contents& directory, const std::vector<directory::AccessRow>& rows);

}  // namespace hikyaku::cli
