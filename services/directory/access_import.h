// Access rows out of lists as others write them: Postfix's access and regexp tables, E-Post's effect.dat, or one name, address, network or
// expression a line. Pure, linear. What has no meaning here is a bad row that says why: nothing is guessed.
#pragma once

#include <string_view>
#include <vector>

#include "services/directory/access.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::directory {

struct ParsedAccess {
  std::vector<AccessRow> rows;
  std::vector<std::size_t> lines;  // of each row, from 1
  std::vector<BadRow> bad;
};
// The first line of `hikyaku policy export`, whose rows name who, action, source and dates themselves (print_access_row).
inline constexpr std::string_view access_heading = "# hikyaku policy";
// A name alone means that name. In Postfix's access tables it means all names below it too (parent_domain_matches_subdomains).
enum class Names : std::uint8_t { Themselves, AndBelow };
// `base`: who, source, expiry and added of all rows, and the action of those that name none.
[[nodiscard]] ParsedAccess parse_access_list(std::string_view text, const AccessRow& base, Names names = Names::Themselves);

}  // namespace hikyaku::directory
