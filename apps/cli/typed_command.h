// A command with all that was given after its name, for the log of what operators did. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/command.h"

namespace hikyaku::cli {

// "policy remove mail.example --source list": arguments, then options in the order of their declaration, flags without a
// value; words with spaces are quoted. No option takes a secret. At most longest_typed octets.
inline constexpr std::size_t longest_typed = 1'000;
[[nodiscard]] std::string typed_command(std::string_view name, const std::vector<Option>& options, const std::map<std::string, std::vector<std::string>, std::less<>>& given);

// It changes nothing itself; what others change meanwhile is not its doing. By the name and arguments alone.
[[nodiscard]] bool only_looks(std::string_view typed);

}  // namespace hikyaku::cli
