// What `hikyaku log`, `log days` and `log residence` take as days and counts: a value no log can answer is a mistake, and is
// told with what would be possible, instead of an empty answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/cli/command.h"

namespace hikyaku::cli {

// The first of --day, --since and --until that is given and is no day, as a sentence. Nothing: all are.
[[nodiscard]] std::optional<std::string> mistaken_day(const Invocation& call);
// The same for an option that is a count from 1 to `most`.
[[nodiscard]] std::optional<std::string> mistaken_count(const Invocation& call, std::string_view option, std::uint64_t most);
// For --message, a trace id.
[[nodiscard]] std::optional<std::string> mistaken_message(const Invocation& call);

}  // namespace hikyaku::cli
