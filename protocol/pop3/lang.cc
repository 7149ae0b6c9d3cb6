#include "protocol/pop3/lang.h"

#include "base/cursor.h"

namespace hikyaku::pop3 {

std::string lang_response(std::string_view argument) {
  if (argument.empty()) return "+OK Language listing follows\r\nen English\r\n.\r\n";
  if (argument == "*" || equal_ignoring_case(argument, "en")) return "+OK en Speaking English\r\n";
  return "-ERR That language is not offered\r\n";
}

}  // namespace hikyaku::pop3
