// What `hold add` and `hold change` share: which mail, when, and what becomes of new mail.
#pragma once

#include "apps/cli/command.h"
#include "services/directory/editor.h"

namespace hikyaku::cli {

[[nodiscard]] std::vector<Option> selector_options();
[[nodiscard]] std::vector<Option> term_options();
// The hold the options describe, without an id. Nothing: the mistake was printed.
[[nodiscard]] std::optional<directory::Hold> hold_of(Invocation& call, WallTime now);
[[nodiscard]] std::optional<directory::Editor::HoldChange> change_of(Invocation& call, WallTime now);
// "3" in ID. Nothing: it was printed.
[[nodiscard]] std::optional<std::uint64_t> hold_id(Invocation& call);

}  // namespace hikyaku::cli
