// Who listens to a conversation, for the log: told each line as it is said, without passwords and without the text of messages.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace hikyaku::smtp {

enum class Speaker : std::uint8_t { Client, Server };
using Overheard = std::function<void(Speaker who, std::string_view line)>;

}  // namespace hikyaku::smtp
