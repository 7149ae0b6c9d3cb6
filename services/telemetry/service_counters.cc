#include "services/telemetry/service_counters.h"

#include <array>
#include <optional>
#include <utility>

#include "base/cursor.h"

namespace hikyaku::telemetry {
namespace {

constexpr std::size_t most_events = 1'000;
using Member = std::uint64_t ServiceCounters::*;
constexpr std::array<std::pair<std::string_view, Member>, 5> members = {{{"started", &ServiceCounters::started_seconds},
                                                                        {"written", &ServiceCounters::written_seconds},
                                                                        {"cpu_ms", &ServiceCounters::cpu_milliseconds},
                                                                        {"resident", &ServiceCounters::resident_octets},
                                                                        {"dropped", &ServiceCounters::dropped_lines}}};

bool is_word(char c) { return is_alpha(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; }

void take_line(std::string_view line, ServiceCounters& into) {
  Cursor in(line);
  const auto word = in.take_while(is_word);
  if (!in.take(' ')) return;
  for (const auto& [name, member] : members) {
    if (word != name) continue;
    const auto value = parse_number(in, 1ULL << 62);
    if (value && in.at_end()) into.*member = *value;
    return;
  }
  if (word != "event") return;
  const auto name = in.take_while(is_word);
  if (name.empty() || !in.take(' ')) return;
  const auto count = parse_number(in, 1ULL << 62);
  if (!count || !in.take(' ')) return;
  const auto octets = parse_number(in, 1ULL << 62);
  if (octets && in.at_end() && into.events.size() < most_events) into.events[std::string(name)] = {*count, *octets};
}

}  // namespace

std::string encode(const ServiceCounters& counters) {
  std::string text;
  for (const auto& [name, member] : members) text.append(name).append(" ").append(std::to_string(counters.*member)).append("\n");
  for (const auto& [name, event] : counters.events)
    text.append("event ").append(name).append(" ").append(std::to_string(event.count)).append(" ").append(std::to_string(event.octets)).append("\n");
  return text;
}

ServiceCounters decode_counters(std::string_view text) {
  ServiceCounters counters;
  while (!text.empty()) {
    const auto end = text.find('\n');
    take_line(text.substr(0, end), counters);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return counters;
}

}  // namespace hikyaku::telemetry
