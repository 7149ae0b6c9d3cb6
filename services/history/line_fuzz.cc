// A line that is read and written again is the same line; no line harms.
#include <cstdint>

#include "base/check.h"
#include "services/history/line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  history::read_lines(text, [](history::Point&& point) {
    std::string again;
    history::append_line(again, point);
    const auto back = history::parse_line(std::string_view(again).substr(0, again.size() - 1));
    check(back.has_value(), "what was written is read");
    check(back->at == point.at && back->series.by == point.series.by && back->figures == point.figures, "and is the same");
  });
  return 0;
}
