// Where escrow stands, below the data folder. Reception makes files in the drop folder and reads the known one; all else is the keeper's.
#pragma once

#include <string_view>

namespace hikyaku::escrow {

inline constexpr std::string_view drop_folder = "escrow/drop";    // quarantine::Store has its drop folder there
inline constexpr std::string_view known_folder = "escrow/known";
// Below the folder of escrow.
inline constexpr std::string_view page_name = "known/page", secret_name = "secret-key", released_folder = "released", passed_prefix = "passed-";

}  // namespace hikyaku::escrow
