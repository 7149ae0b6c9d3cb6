#include "apps/cli/log/arguments.h"

#include "apps/cli/terminal/when_text.h"
#include "apps/cli/value.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

std::vector<Option> log_time_options() {
  return {value_option("--day", Takes::Day, {"one day, 2026-11-25; default: today", "1 日分。2026-11-25 など。省くと今日"}),
          value_option("--since", Takes::Since, {"from then on: 2h, 7d, 2026-11-25, \"2026-11-25 18:00\"", "この時刻から。2h、7d、2026-11-25、\"2026-11-25 18:00\" など"}),
          value_option("--until", Takes::Until, {"until then; a day as a whole", "この時刻まで。日付だけならその日の終わりまで"})};
}

AskedTime asked_time(const Invocation& call, WallTime now) {
  AskedTime asked{since_of(call, "--since", now), until_of(call, "--until", now)};
  if (!call.has("--day")) return asked;
  const auto day = call.value("--day");
  if (!asked.since) asked.since = parse_since(day, now);
  if (!asked.until) asked.until = parse_until(day, now);
  return asked;
}

WallTime begin_of_day(WallTime time) { return parse_since(telemetry::day_text(time), time).value_or(time); }

}  // namespace hikyaku::cli
