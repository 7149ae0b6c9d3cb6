// The language that the command line speaks, by the name of a locale as LC_ALL, LC_MESSAGES and LANG have it. Pure.
// tools/sentences.sh decides it the same way for ./run.
#pragma once

#include <string_view>

#include "apps/cli/command.h"

namespace hikyaku::cli {

// Japanese for "ja", "ja_JP", "ja_JP.UTF-8" and the like. What we print is UTF-8: a Japanese locale of another charset
// ("ja_JP.eucJP") would show it as rubbish, and is spoken to in English.
[[nodiscard]] Language language_of_locale_name(std::string_view name);

}  // namespace hikyaku::cli
