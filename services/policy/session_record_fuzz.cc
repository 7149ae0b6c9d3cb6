// What is read is written as it can be read again, and means the same.
#include "base/check.h"
#include "services/policy/session_record.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::policy;
  const auto record = parse_session_line({reinterpret_cast<const char*>(data), size});
  if (!record) return 0;
  const auto written = session_line(*record);
  const auto again = parse_session_line(std::string_view(written).substr(0, written.size() - 1));
  hikyaku::check(again && session_line(*again) == written, "a line comes back");
  return 0;
}
