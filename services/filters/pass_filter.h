// Content rows out of E-Post's passfilter.dat ("IPs without check"): whose mail its mail.dat and virus.dat do not look at (vendor's FAQ 04-27). One address a line, as its
// other tables write networks: 192.0.2.7, 192.0.2.0/24, 192.0.2.*. Pure, linear.
#pragma once

#include <string_view>

#include "services/filters/mail_dat.h"

namespace hikyaku::filters {

// Rows of that name are tried before those of mail.dat and virus.dat.
inline constexpr std::string_view pass_filter_prefix = "exempt";

// `octets`: of the file. Each row lets a client's mail pass all rows of later names.
[[nodiscard]] ParsedMailDat parse_pass_filter(std::string_view octets, WallTime added);

}  // namespace hikyaku::filters
