// Where reception leaves what goes into quarantine, below the data folder; out of there it is taken by who keeps the quarantine (store.h).
#pragma once

#include <string_view>

namespace hikyaku::quarantine {

inline constexpr std::string_view drop_folder = "quarantine/drop";

}  // namespace hikyaku::quarantine
