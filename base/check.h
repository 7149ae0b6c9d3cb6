// check(): the mark of a bug of ours, never of anything a client, a disk or an operator can cause.
// A failed check throws Bug; the handler at the top of each connection logs it, answers 451 or BYE and closes that
// connection only. Where shared or durable state is broken, use check_or_abort(): going on would spread the damage.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hikyaku {

class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void throw_bug(std::string_view what, std::source_location where);
[[noreturn]] void abort_for_bug(std::string_view what, std::source_location where);

inline void check(bool holds, std::string_view what, std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] throw_bug(what, where);
}

inline void check_or_abort(bool holds, std::string_view what,
                           std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] abort_for_bug(what, where);
}

}  // namespace hikyaku
