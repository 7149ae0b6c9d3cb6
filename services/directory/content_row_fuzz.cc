// Lines of any text: what is taken as a content row is printed as it is read again.
#include "base/check.h"
#include "services/directory/content.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::directory;
  const auto row = parse_content_row({reinterpret_cast<const char*>(data), size});
  if (!row) return 0;
  hikyaku::check(normal_content_row(*row) == *row, "a row is in its one form");
  hikyaku::check(parse_content_row(print_content_row(*row)) == row, "and comes back");
  return 0;
}
