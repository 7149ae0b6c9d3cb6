// The forms in which `hikyaku log` prints a line: for people, and in E-Post's layouts for operators' scripts.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "apps/cli/json_view.h"

namespace hikyaku::cli {

// "09:20:44 receive  A message is on stable storage...  message=B... sender=a@example.net"
[[nodiscard]] std::string human_form(const JsonView& line, Language language);

// The line layouts that E-Post publishes; nothing for events E-Post has no line for. `host` stands for the
// server's name in them.
[[nodiscard]] std::optional<std::string> epost_form(const JsonView& line, const std::string& host);

}  // namespace hikyaku::cli
