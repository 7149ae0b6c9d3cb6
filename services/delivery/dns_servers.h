// Which DNS servers this machine asks: a row of the route table that names one of them means "by hosts and DNS".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/socket_address.h"

namespace hikyaku::delivery {

// `configured`: "address" or "address@port" each ([delivery] resolvers). Empty: those of /etc/resolv.conf, which is read.
[[nodiscard]] std::vector<io::IpAddress> dns_servers(const std::vector<std::string>& configured);
// The addresses of its "nameserver" lines; at most 20. Linear.
[[nodiscard]] std::vector<io::IpAddress> parse_resolv_conf(std::string_view text);

}  // namespace hikyaku::delivery
