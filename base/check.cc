#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hikyaku {
namespace {
std::string sentence(std::string_view what, const std::source_location& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + std::string(what);
}
}  // namespace

void throw_bug(std::string_view what, std::source_location where) { throw Bug(sentence(what, where)); }

void abort_for_bug(std::string_view what, std::source_location where) {
  std::fprintf(stderr, "hikyaku: broken invariant: %s\n", sentence(what, where).c_str());
  std::abort();
}

}  // namespace hikyaku
