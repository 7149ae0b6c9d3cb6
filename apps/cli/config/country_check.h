// Whether the database of [abuse] country_database can be used, by the file itself. For `config check` and `config reload`.
#pragma once

#include <optional>

#include "services/settings/settings.h"

namespace hikyaku::cli {

// Nothing: it can, or none is named.
[[nodiscard]] std::optional<settings::SettingsError> check_countries(const settings::Settings& settings);

}  // namespace hikyaku::cli
