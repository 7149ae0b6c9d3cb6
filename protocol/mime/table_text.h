// Texts that people bring along from other servers: tables of accounts, aliases, routes, lists. In UTF-8, in UTF-16 with its mark, in
// ISO-2022-JP, or in Shift_JIS (CP932) as a Japanese Windows writes them. Pure, linear.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::mime {

struct TableText {
  std::string text;                       // UTF-8, with as many lines as there were
  std::vector<std::size_t> unreadable;    // lines from 1 that are none of these, but for comments ("#"); empty in `text`
};

// Where most lines with octets above 127 are UTF-8, the others are damaged; else all of them are Shift_JIS. A line with a NUL is
// unreadable too: no table has one.
[[nodiscard]] TableText read_table(std::string_view octets);

}  // namespace hikyaku::mime
