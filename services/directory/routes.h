// gateway.dat: where mail goes that MX records shall not decide. One row a line, `pattern,host,port`; the first row whose
// pattern matches the recipient wins. A pattern with '@' is compared with the whole address, one without with its
// domain; '*' stands for any octets, none included; ASCII case does not count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"
#include "services/directory/types.h"

namespace hikyaku::directory {

// A row of a text that could not be taken, by its line number from 1, with one sentence.
struct BadRow {
  std::size_t line = 0;
  std::string why;
};

struct ParsedRoutes {
  std::vector<Route> routes;
  std::vector<BadRow> bad;  // skipped
};

// Lines end with LF or CRLF; empty ones and those that begin with '#', ';' or '\'' are comments. Spaces around a field
// do not count. The port may be left out (25). Linear, at most 1,000,000 rows.
[[nodiscard]] ParsedRoutes parse_gateway_dat(std::string_view text);
[[nodiscard]] std::string print_gateway_dat(const std::vector<Route>& routes);

// One row, as the command line gives it: the same rules. `why` of a failure is one sentence with a remedy.
[[nodiscard]] Result<Route, std::string> parse_route(std::string_view row);
[[nodiscard]] std::string print_route(const Route& route);

// '*' any octets, everything else itself, ASCII case folded. At most pattern x text steps.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);
[[nodiscard]] bool route_matches(const Route& route, const Address& recipient);

}  // namespace hikyaku::directory
