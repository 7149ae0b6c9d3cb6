// Any octets are a table: valid UTF-8 with as many lines, of which the unreadable are empty.
#include <algorithm>

#include "base/check.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/table_text.h"

using namespace hikyaku;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto table = mime::read_table(input);
  check(mime::is_valid_utf8(table.text), "UTF-8");
  const auto lines = static_cast<std::size_t>(std::ranges::count(table.text, '\n')) + 1;
  check(std::ranges::is_sorted(table.unreadable), "in order");
  check(table.unreadable.empty() || (table.unreadable.front() > 0 && table.unreadable.back() <= lines), "lines that there are");
  return 0;
}
