// What is read is written as it can be read again.
#include "base/check.h"
#include "services/abuse/habits.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::abuse;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto one = parse_habit_line(text)) {
    const auto written = habit_line(one->first, one->second);
    const auto again = parse_habit_line(std::string_view(written).substr(0, written.size() - 1));
    hikyaku::check(again && again->second == one->second, "a line comes back");
  }
  Habits habits;
  (void)restore_habits(habits, text);
  return 0;
}
