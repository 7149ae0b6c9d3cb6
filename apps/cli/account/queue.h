// Mail that an account sent and that still waits: what `account contain` and `account release` do with it.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"

namespace hikyaku::cli {

// Recipients; with `shown` the first of them are printed. Nothing: the reason was printed.
enum class Sample : std::uint8_t { Shown, Left };
[[nodiscard]] std::optional<std::uint64_t> queued_of(Invocation& call, const std::string& address, Sample sample);
// Deletes them; nobody is told. How many; nothing: the reason was printed, and some may be left.
[[nodiscard]] std::optional<std::uint64_t> delete_queued_of(Invocation& call, const std::string& address);

// Why an account is suspended, in the language of who asks.
[[nodiscard]] std::string evidence_text(const Invocation& call, const std::string& why);

}  // namespace hikyaku::cli
