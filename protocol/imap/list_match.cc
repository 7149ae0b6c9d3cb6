#include "protocol/imap/list_match.h"

#include <vector>

#include "base/cursor.h"

namespace hikyaku::imap {

bool list_pattern_matches(std::string_view pattern, std::string_view name, char separator) {
  if (pattern.size() > pattern_octets_limit) return false;
  const bool any_case = name == "INBOX";
  const auto same = [any_case](char a, char b) { return any_case ? ascii_upper(a) == ascii_upper(b) : a == b; };
  // reached[i]: the pattern so far matches the first i octets of the name.
  std::vector<char> reached(name.size() + 1, 0), next(name.size() + 1, 0);
  reached[0] = 1;
  for (const char wanted : pattern) {
    const bool wild = wanted == '*' || wanted == '%';
    next[0] = wild && reached[0];
    for (std::size_t i = 1; i <= name.size(); ++i) {
      if (wild) {
        const bool passes = wanted == '*' || name[i - 1] != separator;
        next[i] = reached[i] || (next[i - 1] && passes);
      } else {
        next[i] = reached[i - 1] && same(wanted, name[i - 1]);
      }
    }
    reached.swap(next);
  }
  return reached[name.size()] != 0;
}

}  // namespace hikyaku::imap
