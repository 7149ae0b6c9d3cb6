// How many octets belong together in header text that is not encoded. In raw ISO-2022-JP and Shift_JIS (old Japanese
// mailers) an octet that looks like '@', '"' or a backslash may be half a character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hikyaku::mime {

enum class RawText : std::uint8_t { Utf8, Legacy };  // Legacy: not valid UTF-8, so perhaps Shift_JIS

// At least 1; `rest` is not empty. Cost: the octets answered.
inline std::size_t raw_character_octets(std::string_view rest, RawText kind) {
  const auto lead = static_cast<unsigned char>(rest.front());
  if (lead == 0x1b && rest.size() > 2 && rest[1] == '$') {
    const auto back_to_ascii = rest.find("\x1b(", 2);
    if (back_to_ascii == std::string_view::npos || back_to_ascii + 3 > rest.size()) return rest.size();
    return back_to_ascii + 3;
  }
  const bool shift_jis_lead = (lead >= 0x81 && lead <= 0x9f) || (lead >= 0xe0 && lead <= 0xfc);
  if (kind == RawText::Legacy && shift_jis_lead && rest.size() > 1 && static_cast<unsigned char>(rest[1]) >= 0x40)
    return 2;
  return 1;
}

}  // namespace hikyaku::mime
