#include "apps/cli/language/locale_language.h"

#include "base/cursor.h"

namespace hikyaku::cli {

// language [ "_" territory ] [ "." charset ] [ "@" modifier ]
Language language_of_locale_name(std::string_view name) {
  if (!name.starts_with("ja")) return Language::English;
  name = name.substr(0, name.find('@'));
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return Language::Japanese;
  const auto charset = name.substr(dot + 1);
  return equal_ignoring_case(charset, "UTF-8") || equal_ignoring_case(charset, "utf8") ? Language::Japanese : Language::English;
}

}  // namespace hikyaku::cli
