#include "services/delivery/next_hop.h"

#include "services/directory/routes.h"

namespace hikyaku::delivery {

std::string NextHop::key() const {
  if (via == Via::Mx) return "mx:" + name + key_of_terms();
  if (!route) return "host:" + name + ':' + std::to_string(port);
  std::string out = "host:";
  for (std::size_t n = 0; n < route->hosts.size(); ++n) {
    const auto& host = route->hosts[n];
    out += (n == 0 ? "" : " ") + host.name + ':' + std::to_string(host.port);
  }
  return out + key_of_terms();
}

std::string NextHop::key_of_terms() const {
  if (!route || route->terms == directory::RouteTerms{}) return {};
  // As the row has it, after "host,port".
  const auto printed = directory::print_target({"*", "", {route->hosts.front()}, route->terms});
  const auto options = printed.find(',', printed.find(',') + 1);
  return options == std::string::npos ? std::string{} : ';' + printed.substr(options + 1);
}

std::vector<directory::RouteHost> NextHop::hosts() const {
  if (via == Via::Host && route) return route->hosts;
  return {{name, port}};
}

const directory::RouteTerms& NextHop::terms() const {
  static const directory::RouteTerms usual;
  return route ? route->terms : usual;
}

NextHop hop_of(std::shared_ptr<const directory::Route> route) {
  const auto& first = route->hosts.front();
  return {Via::Host, first.name, first.port, std::move(route)};
}

NextHop fallback_of(const directory::Route& route) {
  return {Via::Host, route.terms.fallback.name, route.terms.fallback.port, nullptr};
}

}  // namespace hikyaku::delivery
