// What values of options are: declared with the option, judged before its command runs. What is mistyped is answered here,
// in one way: the option, what it takes, and what was given instead.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "base/clock.h"

namespace hikyaku::cli {

// Options with such a value.
[[nodiscard]] Option value_option(std::string_view name, Takes takes, Words help);
[[nodiscard]] Option count_option(std::string_view name, std::uint64_t least, std::uint64_t most, Words help);

// One sentence for a value that the option cannot take. Nothing: it can. Linear.
[[nodiscard]] std::optional<std::string> mistaken_value(const Option& option, const std::string& value, Language language, WallTime now);

// What a value says that was judged so; nothing, or `otherwise`: the option was not given.
[[nodiscard]] std::uint64_t count_of(const Invocation& call, std::string_view option, std::uint64_t otherwise);
[[nodiscard]] std::optional<settings::Seconds> duration_of(const Invocation& call, std::string_view option);
[[nodiscard]] std::optional<std::uint64_t> octets_of(const Invocation& call, std::string_view option);  // Size, SizeOrNone
[[nodiscard]] std::optional<WallTime> time_of(const Invocation& call, std::string_view option, WallTime now);  // Time, TimeToCome, TimeOrOpen (open: WallTime::max())
[[nodiscard]] std::optional<WallTime> since_of(const Invocation& call, std::string_view option, WallTime now);
[[nodiscard]] std::optional<WallTime> until_of(const Invocation& call, std::string_view option, WallTime now);

}  // namespace hikyaku::cli
