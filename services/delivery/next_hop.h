// NextHop: where a remote recipient goes, as a value, and the key under which its lane, its gate and its connections are
// shared: the hosts of a row of the route table, or the MX hosts of a domain (RFC 5321 §5.1).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "services/directory/types.h"

namespace hikyaku::delivery {

enum class Via : std::uint8_t {
  Host,  // hosts are named: MX is not looked up
  Mx,
};

struct NextHop {
  Via via = Via::Mx;
  std::string name;          // a host name, an address literal, or the domain whose MX is meant
  std::uint16_t port = 25;
  // The row: its further hosts (of Via::Mx they do not count), and how they are spoken to. Null: nothing special.
  std::shared_ptr<const directory::Route> route;

  // "mx:example.net", "host:gw.example.net:25" or "host:gw1:25 gw2:25;tls=required": what the operator sees as the
  // destination. Two hops of one key are spoken to alike: a connection serves both.
  [[nodiscard]] std::string key() const;
  // ";tls=required": how the hosts are spoken to, as it stands in keys; empty: nothing special.
  [[nodiscard]] std::string key_of_terms() const;
  // At least one, in the order of trying. Of Via::Mx the domain.
  [[nodiscard]] std::vector<directory::RouteHost> hosts() const;
  [[nodiscard]] const directory::RouteTerms& terms() const;
  friend bool operator==(const NextHop& a, const NextHop& b) { return a.key() == b.key(); }
};

// The hosts of a row, under its terms.
[[nodiscard]] NextHop hop_of(std::shared_ptr<const directory::Route> route);
// The row's relay for when its own hosts fail: on no special terms, since a login is for the host it was given for.
[[nodiscard]] NextHop fallback_of(const directory::Route& route);

}  // namespace hikyaku::delivery
