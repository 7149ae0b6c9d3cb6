// What a settings file with mistakes still tells: where its server's data is. There stand the settings that were last in
// force, with which commands work while the file is being mended.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::settings {

// [node] data of the text, or its preset where the text names none. Lines that are no TOML are passed over, up to a hundred
// of them. Nothing: it cannot be told. No I/O.
[[nodiscard]] std::optional<std::string> readable_data_folder(std::string_view toml);

// The text of the settings last in force, written by the supervisor, in a data folder.
[[nodiscard]] std::string last_good_path(std::string_view data_folder);

}  // namespace hikyaku::settings
