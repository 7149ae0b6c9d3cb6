// Any octets: a date that is read exists, and is read the same after printing.
#include "base/check.h"
#include "protocol/mime/date.h"

using namespace hikyaku;
using namespace hikyaku::mime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto date = parse_date(input);
  if (!date) return 0;
  check(date->calendar_day().ok(), "the day exists");
  const auto again = parse_date(print_date(WallTime{date->utc()}, date->zone_minutes));
  if (date->year >= 1000 && date->year <= 9998 && std::abs(date->zone_minutes) < 1440)
    check(again && again->utc() == date->utc(), "what was printed is read");
  return 0;
}
