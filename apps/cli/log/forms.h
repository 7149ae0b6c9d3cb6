// The forms in which `hikyaku log` prints a line: for people, and in E-Post's layouts for operators' scripts.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "apps/cli/terminal/json_view.h"

namespace hikyaku::cli {

// Whether the event's name, or a value it tells (an id, an address, a destination, a reply, a text), has `wanted` in it. The names
// of values, times, numbers, the level and the writer do not count.
[[nodiscard]] bool tells_of(const JsonView& line, std::string_view wanted);

// "09:20:44 receive  A message is on stable storage...  message=B... sender=a@example.net"
[[nodiscard]] std::string human_form(const JsonView& line, Language language);

// The line layouts that E-Post publishes; nothing for events E-Post has no line for. `host` stands for the
// server's name in them.
[[nodiscard]] std::optional<std::string> epost_form(const JsonView& line, const std::string& host);

}  // namespace hikyaku::cli
