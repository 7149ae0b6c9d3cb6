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

// Our address on the way to `target`, as this machine's routes have it; behind a translator of addresses the world sees
// another. Nothing: no way there.
[[nodiscard]] std::optional<io::IpAddress> address_towards(const io::IpAddress& target);

}  // namespace hikyaku::cli
