// The name a person probably meant: for unknown settings, sections, commands and services.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace hikyaku::settings {

// The known name with the fewest edits (insert, delete, replace, swap of neighbours), if no more than a third of the
// longer name's length. Names are cut at 64 octets. Cost: product of the lengths for each name.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view wrong, const std::vector<std::string_view>& known);

}  // namespace hikyaku::settings
