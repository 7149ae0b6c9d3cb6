// Countries by their code: two capital letters (ISO 3166-1 alpha-2). Pure.
#pragma once

#include <string_view>

namespace hikyaku::abuse {

[[nodiscard]] constexpr bool is_country_code(std::string_view text) {
  return text.size() == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

}  // namespace hikyaku::abuse
