// Rows of retry rules: what is taken is taken again the same, and a rule never becomes impossible.
#include "base/check.h"
#include "services/delivery/schedule/retry_table.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto row = parse_retry_row(text);
  if (!row) return 0;
  check_or_abort(*parse_retry_row(row->text) == *row, "a row is read again the same");
  RetryTable table{{}, {*row}};
  const auto rules = table.rules_for("a.example", "host:gw.example:25");
  for (std::size_t n = 0; n < failure_classes; ++n) {
    const auto rule = rules.rule(static_cast<FailureClass>(n));
    check_or_abort(rule.interval >= 1s && rule.attempts >= 1, "an interval and a count are at least one");
  }
  return 0;
}
