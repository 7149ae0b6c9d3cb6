// The manual of the settings, made from their declarations.
#pragma once

#include <string>

namespace hikyaku::settings {

// docs/reference/settings.md: `hikyaku config describe --markdown` prints it, a test compares the two.
[[nodiscard]] std::string reference_markdown();
// A settings file with every setting as a comment at its preset, each explained. `japanese` picks the language.
[[nodiscard]] std::string commented_file(bool japanese);

[[nodiscard]] std::string_view takes_effect_text(int takes_effect, bool japanese);

}  // namespace hikyaku::settings
