// Rows of any text: what is taken is printed as it is read again.
#include "base/check.h"
#include "services/directory/access_import.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::directory;
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  AccessRow base{.who = static_cast<AccessWho>(data[0] % 3)};
  const auto parsed = parse_access_list(text, base);
  hikyaku::check(parsed.rows.size() == parsed.lines.size(), "each row has its line");
  for (const auto& row : parsed.rows) {
    if (!why_no_access_row(row).empty()) continue;
    hikyaku::check(parse_access_row(print_access_row(row)) == row, "a row comes back");
  }
  if (const auto row = parse_access_row(text)) hikyaku::check(parse_access_row(print_access_row(*row)) == row, "a line comes back");
  return 0;
}
