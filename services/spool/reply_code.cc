#include "services/spool/message.h"

namespace hikyaku::spool {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool ends_code(std::string_view text, std::size_t at) { return at == text.size() || text[at] == ' ' || text[at] == '-' || text[at] == '\r' || text[at] == '\n'; }

}  // namespace

// reply = 3DIGIT [ ( SP / "-" ) [ enhanced SP ] text ]
bool has_code(std::string_view reply, std::string_view code) {
  if (code.empty() || reply.size() < 3 || reply[0] < '2' || reply[0] > '5' || !is_digit(reply[1]) || !is_digit(reply[2]) || !ends_code(reply, 3)) return false;
  if (code.find('.') == std::string_view::npos) return reply.substr(0, 3) == code;
  return reply.size() > 4 && reply.substr(4).starts_with(code) && (ends_code(reply, 4 + code.size()) || reply[4 + code.size()] == ':');
}

}  // namespace hikyaku::spool
