// What a row of the route table covers, in words: printed by import and edit, so that nobody is surprised by a pattern.
#pragma once

#include <string>
#include <string_view>

#include "apps/cli/command.h"

namespace hikyaku::cli {

// A line for each row: "1: *.abc.jp -> smtp01.domain.jp,25: every domain below abc.jp, and abc.jp itself". Only the first
// `most` rows are told; the rest is counted.
[[nodiscard]] std::string what_rows_cover(const Invocation& call, std::string_view gateway_dat, std::size_t most = 100);

}  // namespace hikyaku::cli
