#include "apps/cli/config/country_check.h"

#include "services/abuse/countries.h"

namespace hikyaku::cli {

std::optional<settings::SettingsError> check_countries(const settings::Settings& settings) {
  const std::string& file = settings.abuse.country_database();
  if (file.empty()) return std::nullopt;
  const auto opened = abuse::Countries::open(file);
  if (opened) return std::nullopt;
  return settings::SettingsError{"[abuse] country_database: " + opened.error().what(file), std::string(opened.error().remedy())};
}

}  // namespace hikyaku::cli
