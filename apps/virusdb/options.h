// What [virusdb] says, as services/virusdb takes it.
#pragma once

#include "services/settings/settings.h"
#include "services/virusdb/updater.h"

namespace hikyaku::apps {

[[nodiscard]] virusdb::UpdaterOptions virusdb_options(const settings::Settings& settings);

}  // namespace hikyaku::apps
