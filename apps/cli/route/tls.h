// What TLS a next hop gets, in words and as JSON: by the row, by DANE, by the domain's MTA-STS policy as deliver knows it.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "services/delivery/next_hop.h"
#include "services/delivery/tls/sts_store.h"
#include "services/settings/settings.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

enum class DaneUse : std::uint8_t { Asked, Off, NotByRow };

struct TlsOutlook {
  directory::RouteTls row = directory::RouteTls::Default;
  DaneUse dane = DaneUse::Off;
  bool sts_counts = false;                           // MX hosts are spoken to, and policies are looked for
  std::optional<delivery::KnownPolicy> policy;       // as deliver keeps it
};

// Reads deliver's file of the policy; no question to DNS is asked.
[[nodiscard]] TlsOutlook tls_outlook(const delivery::NextHop& hop, const settings::Settings& settings, WallTime now);
// Lines, the first one by what the connection is made.
[[nodiscard]] std::vector<std::string> outlook_lines(const Invocation& call, const TlsOutlook& outlook);
void add_outlook(telemetry::JsonWriter& json, const TlsOutlook& outlook);

}  // namespace hikyaku::cli
