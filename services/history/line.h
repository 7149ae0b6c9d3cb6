// A point of the history as a line of a file: fields between tabs, the last one a checksum. Lines are appended and never
// changed; one that is damaged is passed over alone.
//
//   1732276800<TAB>domains<TAB>destination<TAB>mx:a.example<TAB>12<TAB>48200<TAB>5400<TAB>9f86d081
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "services/history/sample.h"

namespace hikyaku::history {

// With its LF. Control characters of a name become "?", what is beyond longest_name is cut off.
void append_line(std::string& out, const Point& point);
// Without its LF. Nothing: damaged, or a newer program's.
[[nodiscard]] std::optional<Point> parse_line(std::string_view line);
// Every sound line of a file, in order. Returns how many were not. Linear.
std::size_t read_lines(std::string_view text, const std::function<void(Point&&)>& visit);

}  // namespace hikyaku::history
