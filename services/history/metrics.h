// What Prometheus is shown: the counters of every process, the newest sample of the queue, alarms and the disk, as one text.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/history/alarm.h"
#include "services/history/sample.h"
#include "services/policy/list_health.h"
#include "services/signing/sign_counts.h"
#include "services/telemetry/open_metrics.h"
#include "services/telemetry/service_counters.h"

namespace hikyaku::history {

struct MetricsFacts {
  std::map<std::string, telemetry::ServiceCounters> processes;
  std::vector<Point> sample;  // of one moment
  std::array<bool, alarm_count> raised{};
  bool alarms_known = false;  // false: nobody watches
  std::map<std::string, policy::ListStatus> lists;  // DNS lists that reception checks
  std::optional<std::uint64_t> suspended;           // accounts that may not send; nothing: `auth` has not told
  std::optional<signing::SignCounts> signatures;    // nothing: `signer` has not told
  std::uint64_t free_octets = 0, reserve_octets = 0;
  Time now{};
};
// A process whose counters are older is shown as down.
constexpr Seconds counters_are_fresh{60};

[[nodiscard]] std::string metrics_text(const MetricsFacts& facts, telemetry::MetricsForm form);

// From the data folder: counters/<process>/now, history, alarm/raised. Blocks. What cannot be read is left out.
[[nodiscard]] MetricsFacts read_metrics(io::Disk& disk, const std::string& data_folder, std::uint64_t reserve_octets, WallTime now);

}  // namespace hikyaku::history
