// Which changed settings wait for a restart, and of what: said by `hikyaku config reload`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/settings/settings.h"

namespace hikyaku::apps {

struct WaitingSetting {
  std::string setting;  // "[spool] memory"
  std::string restart;  // a service's name, or "serve" for the whole server
  friend bool operator==(const WaitingSetting&, const WaitingSetting&) = default;
};

// What `serve` must be restarted for, when it began with `begun`.
[[nodiscard]] std::vector<WaitingSetting> waiting_for_serve(const settings::Settings& begun, const settings::Settings& now);
// What a service must be restarted for, when one of its processes was started with `started`: only settings it reads.
[[nodiscard]] std::vector<WaitingSetting> waiting_for_service(std::string_view service, const settings::Settings& started, const settings::Settings& now);

}  // namespace hikyaku::apps
