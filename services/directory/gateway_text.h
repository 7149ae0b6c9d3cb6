// GatewayText: the whole route table as its text, gateway.dat: rows, comments and empty lines in the operator's order. It
// is what is stored, edited, exported and imported; rows are found in it by their number among rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/directory/routes.h"

namespace hikyaku::directory {

// A row of a text that could not be taken, by its line number from 1, with one sentence.
struct BadRow {
  std::size_t line = 0;
  std::string why;
};

struct ParsedRoutes {
  std::vector<Route> routes;
  std::vector<std::size_t> lines;  // of each row, from 1
  std::vector<BadRow> bad;         // skipped
};

// Lines end with LF or CRLF; empty ones and those that begin with '#', ';' or '\'' are comments. Spaces around a field
// do not count. The port may be left out (25). Linear, at most 1,000,000 rows.
[[nodiscard]] ParsedRoutes parse_gateway_dat(std::string_view text);
[[nodiscard]] std::string print_gateway_dat(const std::vector<Route>& routes);

// LF at every line's end, no mark at the beginning; the rows' own spelling stays.
[[nodiscard]] std::string tidy_gateway_dat(std::string_view text);
// `row` from 1: before which row; beyond the last or 0: at the end.
[[nodiscard]] std::string insert_route(std::string_view text, const Route& route, std::size_t row);
// Without the lines of the rows for which `gone` holds.
[[nodiscard]] std::string without_lines(std::string_view text, const std::vector<std::size_t>& lines);

}  // namespace hikyaku::directory
