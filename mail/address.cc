#include "mail/address.h"

#include <algorithm>

namespace hikyaku {
namespace {
// atext (RFC 5322 §3.2.3) and UTF-8 (RFC 6531 §3.3); a dot is handled by the caller.
bool is_atom_octet(char c) {
  const auto octet = static_cast<unsigned char>(c);
  if (octet >= 0x80 || (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z'))
    return true;
  return std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool is_dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  char previous = 'a';
  for (const char c : text) {
    if (c == '.' ? previous == '.' : !is_atom_octet(c)) return false;
    previous = c;
  }
  return true;
}
}  // namespace

std::string Address::text() const {
  if (empty()) return {};
  std::string out;
  out.reserve(local_part.size() + domain.size() + 3);
  if (is_dot_string(local_part)) {
    out += local_part;
  } else {
    out += '"';
    for (const char c : local_part) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  // A bare "postmaster" (RFC 5321 §4.5.1) has no domain.
  if (!domain.empty()) out += '@', out += domain;
  return out;
}

}  // namespace hikyaku
