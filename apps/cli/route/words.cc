#include "apps/cli/route/words.h"

#include "services/directory/gateway_text.h"
#include "services/directory/route_table.h"

namespace hikyaku::cli {
namespace {

std::string both(const Invocation& call, const std::string& en, const std::string& ja) {
  return call.language == Language::Japanese ? ja : en;
}

std::string whom(const Invocation& call, const directory::Route& route, const directory::RouteTable& table) {
  const std::string& pattern = route.pattern;
  if (pattern == "*") return both(call, "every recipient", "すべての宛先");
  if (const std::string parent(directory::covered_parent(pattern)); !parent.empty()) {
    if (table.has_own_row(parent, {}))
      return both(call, "every domain below " + parent + ", but not " + parent + " itself, which has a row of its own",
                  parent + " より下のすべてのドメイン(" + parent + " 自身には別の行がある)");
    return both(call, "every domain below " + parent + ", and " + parent + " itself", parent + " より下のすべてのドメインと " + parent + " 自身");
  }
  const bool whole = pattern.find('@') != std::string::npos;
  if (pattern.find('*') != std::string::npos)
    return whole ? both(call, "addresses like " + pattern, pattern + " に合う宛先") : both(call, "domains like " + pattern, pattern + " に合うドメイン");
  return whole ? both(call, "this one address", "このアドレスだけ") : both(call, "this domain, none below it", "このドメインだけ(下位は含まない)");
}

std::string from_whom(const Invocation& call, const directory::Route& route) {
  if (route.sender.empty()) return {};
  if (route.sender == "<>") return both(call, "; error mails (empty sender) only", "。エラーメール(差出人が空)に限る");
  return both(call, "; from " + route.sender + " only", "。差出人が " + route.sender + " のものに限る");
}

}  // namespace

std::string what_rows_cover(const Invocation& call, std::string_view gateway_dat, std::size_t most) {
  const auto parsed = directory::parse_gateway_dat(gateway_dat);
  const directory::RouteTable table(parsed.routes, std::nullopt);
  std::string out;
  for (std::size_t row = 0; row < parsed.routes.size() && row < most; ++row) {
    const auto& route = parsed.routes[row];
    out += std::to_string(row + 1) + ": " + route.pattern + " -> " + directory::print_target(route) + ": " + whom(call, route, table) +
           from_whom(call, route) + '\n';
  }
  if (parsed.routes.size() > most)
    out += both(call, "... and " + std::to_string(parsed.routes.size() - most) + " more rows", "ほか " + std::to_string(parsed.routes.size() - most) + " 行") + '\n';
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace hikyaku::cli
