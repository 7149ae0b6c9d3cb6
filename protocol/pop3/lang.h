// LANG (RFC 6856 §3): in which language a POP3 server speaks. Ours says everything in English.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::pop3 {

// The whole response: the listing for no argument, a confirmation for "en" and "*", -ERR for other languages.
[[nodiscard]] std::string lang_response(std::string_view argument);

}  // namespace hikyaku::pop3
