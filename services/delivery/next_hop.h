// NextHop: where a remote recipient goes, as a value, and the key under which its lane, its gate and its connections are
// shared: a host of the route table, or the MX hosts of a domain (RFC 5321 §5.1).
#pragma once

#include <cstdint>
#include <string>

namespace hikyaku::delivery {

enum class Via : std::uint8_t {
  Host,  // a route row names the host: MX is not looked up
  Mx,
};

struct NextHop {
  Via via = Via::Mx;
  std::string name;          // a host name, an address literal, or the domain whose MX is meant
  std::uint16_t port = 25;
  friend bool operator==(const NextHop&, const NextHop&) = default;

  // "mx:example.net" or "host:gw.example.net:25"; what the operator sees as the destination.
  [[nodiscard]] std::string key() const {
    return via == Via::Mx ? "mx:" + name : "host:" + name + ":" + std::to_string(port);
  }
};

}  // namespace hikyaku::delivery
