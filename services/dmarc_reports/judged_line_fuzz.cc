// Any octets as a line: what is understood is written, and understood again, the same.
#include "base/check.h"
#include "services/dmarc_reports/judged_line.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::dmarc_reports;
  const auto halves = split_judged_line({reinterpret_cast<const char*>(data), size});
  if (!halves) return 0;
  const auto policy = parse_policy(halves->policy);
  const auto row = parse_row(halves->row);
  if (!policy || !row) return 0;
  const auto written = judged_line(*policy, *row);
  const auto again = split_judged_line(std::string_view(written).substr(0, written.size() - 1));
  hikyaku::check(again && parse_policy(again->policy) && parse_row(again->row), "a line comes back");
  hikyaku::check(judged_line(*parse_policy(again->policy), *parse_row(again->row)) == written, "the same");
  return 0;
}
