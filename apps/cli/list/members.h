// What became of a list's members, in words or as JSON.
#pragma once

#include "apps/cli/command.h"
#include "services/directory/editor.h"

namespace hikyaku::cli {

// `same`: said of those for whom nothing changed.
void report_members(const Invocation& call, const directory::Editor::MembersChanged& changed, const Words& same);

}  // namespace hikyaku::cli
