// Networks that an address lies in, as texts: "192.0.2.0/24". Pure.
#pragma once

#include <string>

#include "io/socket_address.h"

namespace hikyaku::abuse {

// `bits` beyond the address's own length: the address itself, without "/32".
[[nodiscard]] std::string prefix_of(const io::IpAddress& address, int bits);
// What one customer of an access provider mostly keeps: /24, /48.
[[nodiscard]] std::string home_of(const io::IpAddress& address);
// What one provider mostly has: /16, /32.
[[nodiscard]] std::string region_of(const io::IpAddress& address);
// The part of a host's name that its owner registered, near enough to tell providers apart: the last two labels, or three below
// a short second-level domain ("ne.jp"). Lower case; empty: the name has no dot.
[[nodiscard]] std::string owner_of(std::string_view host_name);

}  // namespace hikyaku::abuse
