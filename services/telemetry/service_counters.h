// ServiceCounters: what one process has counted since it began, as it writes it to a small file of its own
// (log/<process>/counters) for whoever shows metrics. The file is replaced every few seconds; its age tells whether the
// process lives.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hikyaku::telemetry {

struct EventCount {
  std::uint64_t count = 0, octets = 0;  // octets: of those events that tell them
  friend bool operator==(const EventCount&, const EventCount&) = default;
};

struct ServiceCounters {
  std::uint64_t started_seconds = 0, written_seconds = 0;  // since 1970; written 0: the process has ended
  std::uint64_t cpu_milliseconds = 0, resident_octets = 0, dropped_lines = 0;
  std::map<std::string, EventCount, std::less<>> events;  // by name
  friend bool operator==(const ServiceCounters&, const ServiceCounters&) = default;
};

[[nodiscard]] std::string encode(const ServiceCounters& counters);
// Lines that make no sense are left out; at most 1,000 events.
[[nodiscard]] ServiceCounters decode_counters(std::string_view text);

}  // namespace hikyaku::telemetry
