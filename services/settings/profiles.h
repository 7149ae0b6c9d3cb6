// Profiles: named sets of presets, chosen by the top-level key `profile` of the settings file.
#pragma once

#include <span>
#include <string_view>

#include "services/settings/setting.h"

namespace hikyaku::settings {

struct ProfileValue {
  std::string_view section, setting;
  RawValue value;
};
struct Profile {
  std::string_view name, help, help_ja;
  std::vector<ProfileValue> values;
};

[[nodiscard]] std::span<const Profile> all_profiles();

}  // namespace hikyaku::settings
