// How the settings say that DNS is asked: the same for delivery and for the commands that look at it.
#pragma once

#include <string>

#include "base/result.h"
#include "io/resolver.h"
#include "services/settings/settings.h"

namespace hikyaku::delivery {

// Hosts files are left to ExchangeLookup. Without servers in the settings those of /etc/resolv.conf are asked. The error is
// one sentence with its remedy.
[[nodiscard]] Result<io::ResolverOptions, std::string> resolver_options(const settings::Settings& settings);

}  // namespace hikyaku::delivery
