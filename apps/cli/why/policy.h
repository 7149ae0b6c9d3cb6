// What receivers look up about us: SPF, DKIM, DMARC, the PTR record of our address and the name we greet with. Asked of DNS
// now; each finding is a sentence that says what is missing.
#pragma once

#include <string>
#include <vector>

#include "io/socket_address.h"
#include "services/delivery/why/diagnosis.h"
#include "services/settings/settings.h"

namespace hikyaku::cli {

struct PolicyQuestion {
  std::string domain;            // of the envelope's sender; empty: error mail, then our host name is meant
  std::string hostname;          // what we greet with
  io::IpAddress address;         // we are seen from
  std::string selector;          // of DKIM; empty: not known
};
// At most about half a minute.
[[nodiscard]] std::vector<delivery::PolicyFinding> check_records(const settings::Settings& settings, const PolicyQuestion& question);

// No address of a house of its own, of a link or of this machine: whom mail comes from as the world sees it.
[[nodiscard]] bool is_public(const io::IpAddress& address);
// What an SPF record names it by: "ip4:192.0.2.1", "ip6:2001:db8::1"; "mx" when it is not public, as the world sees another.
[[nodiscard]] std::string spf_term(const io::IpAddress& address);

// Our address on the way to `target`, as this machine's routes have it; behind a translator of addresses the world sees
// another. Nothing: no way there.
[[nodiscard]] std::optional<io::IpAddress> address_towards(const io::IpAddress& target);

}  // namespace hikyaku::cli
