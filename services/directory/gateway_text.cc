#include "services/directory/gateway_text.h"

#include <algorithm>

#include "services/directory/address_text.h"

namespace hikyaku::directory {

namespace {

constexpr std::size_t most_rows = 1'000'000, most_bad_rows = 10'000;

// Calls take(line number from 1, the line without its end) for each line.
template <class Take>
void each_line(std::string_view text, Take take) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    auto row = without_mark(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (row.ends_with('\r')) row.remove_suffix(1);
    if (!take(line, row)) return;
  }
}

bool is_comment(std::string_view row) {
  const auto first = row.find_first_not_of(" \t");
  return first == std::string_view::npos || row[first] == '#' || row[first] == ';' || row[first] == '\'';
}

}  // namespace

ParsedRoutes parse_gateway_dat(std::string_view text) {
  ParsedRoutes parsed;
  each_line(text, [&](std::size_t line, std::string_view row) {
    if (is_comment(row)) return true;
    if (parsed.routes.size() == most_rows) {
      parsed.bad.push_back({line, "There are more than 1,000,000 routes; shorten the table with '*' patterns."});
      return false;
    }
    auto route = parse_route(row);
    if (route) {
      parsed.routes.push_back(std::move(*route));
      parsed.lines.push_back(line);
    } else if (parsed.bad.size() < most_bad_rows) {
      parsed.bad.push_back({line, std::move(route).error()});
    }
    return true;
  });
  return parsed;
}

std::string print_gateway_dat(const std::vector<Route>& routes) {
  std::string text;
  for (const auto& route : routes) text += print_route(route) + '\n';
  return text;
}

std::string tidy_gateway_dat(std::string_view text) {
  std::string out;
  each_line(text, [&](std::size_t, std::string_view row) {
    out.append(row) += '\n';
    return true;
  });
  return out;
}

std::string insert_route(std::string_view text, const Route& route, std::size_t row) {
  const auto parsed = parse_gateway_dat(text);
  const std::size_t before = row == 0 || row > parsed.lines.size() ? 0 : parsed.lines[row - 1];
  std::string out;
  each_line(text, [&](std::size_t line, std::string_view old) {
    if (line == before) out += print_route(route) + '\n';
    out.append(old) += '\n';
    return true;
  });
  return before == 0 ? out + print_route(route) + '\n' : out;
}

std::string without_lines(std::string_view text, const std::vector<std::size_t>& lines) {
  std::string out;
  each_line(text, [&](std::size_t line, std::string_view old) {
    if (!std::ranges::binary_search(lines, line)) out.append(old) += '\n';
    return true;
  });
  return out;
}

}  // namespace hikyaku::directory
