// Lets the person at the keyboard edit a text in the editor of their choice.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"

namespace hikyaku::cli {

// Opens $VISUAL, $EDITOR or vi on a private copy and gives back what was saved. Nothing: the reason was printed.
// `text` stays on disk while the editor runs, in a file only this user can read.
[[nodiscard]] std::optional<std::string> edited(const Invocation& call, const std::string& text, std::string_view suffix);

}  // namespace hikyaku::cli
