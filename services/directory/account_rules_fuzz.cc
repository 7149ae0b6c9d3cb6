// Whatever a table says: bounded, and what is taken has one form.
#include "base/check.h"
#include "services/directory/account_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::directory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& row : parse_personal_effect(text).rows) {
    const auto again = normal_rule_pattern(Direction::In, row.who);
    hikyaku::check(again && *again == row.who, "a pattern has one form");
  }
  for (const auto& row : parse_sender_dat(text).rows) {
    const auto again = normal_rule_pattern(Direction::Out, row.who);
    hikyaku::check(again && *again == row.who, "a pattern has one form");
  }
  (void)parse_permitfrom(text);
  if (const auto hours = normal_hours(text)) {
    const auto again = normal_hours(*hours);
    hikyaku::check(again && *again == *hours, "hours have one form");
    (void)in_hours(*hours, {3, 700});
  }
  return 0;
}
