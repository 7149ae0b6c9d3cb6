#include "services/delivery/resolver_settings.h"

#include <cstdlib>

namespace hikyaku::delivery {

Result<io::ResolverOptions, std::string> resolver_options(const settings::Settings& settings) {
  io::ResolverOptions options;
  options.hosts_file.clear();  // ExchangeLookup asks them first, and follows their changes
  options.trust_anchors = settings.delivery.trust_anchors();
  for (const std::string& server : settings.delivery.resolvers()) {
    const auto at = server.find('@');
    const auto ip = io::IpAddress::parse(server.substr(0, at));
    const std::uint16_t port = at == std::string::npos ? 53 : static_cast<std::uint16_t>(std::atoi(server.c_str() + at + 1));
    if (!ip || port == 0)
      return failure("[delivery] resolvers: \"" + server + "\" is no DNS server. Remedy: write \"address\" or \"address@port\"");
    options.forwarders.emplace_back(*ip, port);
  }
  return options;
}

}  // namespace hikyaku::delivery
