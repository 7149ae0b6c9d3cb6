// Puts this process into the confinement of the named service (the table is in confine.cc): it keeps what it has open,
// and can open only the folders of its row. Called once, before any thread is started.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/confinement.h"
#include "services/settings/settings.h"

namespace hikyaku::apps {

// What is in force. The error says why it could not be, with the remedy; the service must not go on.
[[nodiscard]] Result<io::Confined, std::string> confine(std::string_view process, const settings::Settings& settings);

}  // namespace hikyaku::apps
