#include "services/history/metrics.h"

#include "services/history/files.h"
#include "services/history/suspended.h"

namespace hikyaku::history {
namespace {

using telemetry::MetricType;
using telemetry::OpenMetricsText;
using telemetry::ServiceCounters;

constexpr std::uint64_t largest_counters_file = 1 << 20, largest_raised_file = largest_suspended_text;

void write_processes(OpenMetricsText& out, const MetricsFacts& facts) {
  const auto each = [&](auto value) {
    for (const auto& [name, counters] : facts.processes) out.sample({{"process", name}}, value(counters));
  };
  out.family("hikyaku_process_up", MetricType::Gauge, "Whether the process has told of itself within the last minute.");
  each([&](const ServiceCounters& one) {
    const auto written = Time{Seconds{static_cast<std::int64_t>(one.written_seconds)}};
    return std::uint64_t{facts.now - written <= counters_are_fresh ? 1U : 0U};
  });
  out.family("hikyaku_process_start_time_seconds", MetricType::Gauge, "When the process began, since 1970.", "seconds");
  each([](const ServiceCounters& one) { return one.started_seconds; });
  out.family("hikyaku_process_cpu_seconds", MetricType::Counter, "Processor time used.", "seconds");
  each([](const ServiceCounters& one) { return static_cast<double>(one.cpu_milliseconds) / 1'000; });
  out.family("hikyaku_process_resident_memory_bytes", MetricType::Gauge, "Memory in use.", "bytes");
  each([](const ServiceCounters& one) { return one.resident_octets; });
  out.family("hikyaku_log_dropped_lines", MetricType::Counter, "Log lines lost because the disk was too slow or full.");
  each([](const ServiceCounters& one) { return one.dropped_lines; });
  out.family("hikyaku_events", MetricType::Counter, "Events logged, by name; what the log's level leaves out is not counted.");
  for (const auto& [name, counters] : facts.processes)
    for (const auto& [event, counted] : counters.events) out.sample({{"process", name}, {"event", event}}, counted.count);
  out.family("hikyaku_event_bytes", MetricType::Counter, "Octets of mail that events told of.", "bytes");
  for (const auto& [name, counters] : facts.processes)
    for (const auto& [event, counted] : counters.events)
      if (counted.octets > 0) out.sample({{"process", name}, {"event", event}}, counted.octets);
}

// Totals, or the largest names, of each place.
void write_levels(OpenMetricsText& out, const std::vector<Point>& sample, auto member, bool totals) {
  for (const auto& [at, series, figures] : sample) {
    if (series.place == Place::Arrivals || (series.by == Dimension::Total) != totals) continue;
    if (totals) out.sample({{"place", place_name(series.place)}}, figures.*member);
    else out.sample({{"place", place_name(series.place)}, {"by", dimension_name(series.by)}, {"name", series.name}}, figures.*member);
  }
}

void write_queue(OpenMetricsText& out, const MetricsFacts& facts) {
  if (facts.sample.empty()) return;
  out.family("hikyaku_queue_sample_time_seconds", MetricType::Gauge, "When the queue was looked at, since 1970.", "seconds");
  out.sample({}, static_cast<std::uint64_t>(facts.sample.front().at.time_since_epoch().count()));
  out.family("hikyaku_queue_entries", MetricType::Gauge, "Messages in incoming and holding, deferred recipients in domains.");
  write_levels(out, facts.sample, &Figures::count, true);
  out.family("hikyaku_queue_bytes", MetricType::Gauge, "Octets of the messages that wait.", "bytes");
  write_levels(out, facts.sample, &Figures::octets, true);
  out.family("hikyaku_queue_oldest_seconds", MetricType::Gauge, "Age of the oldest: since acceptance, in domains since the first failure.", "seconds");
  write_levels(out, facts.sample, &Figures::oldest_seconds, true);
  out.family("hikyaku_queue_named_entries", MetricType::Gauge, "The same for the ten largest by destination, sender, account and class; without a name: all others.");
  write_levels(out, facts.sample, &Figures::count, false);
  out.family("hikyaku_queue_named_bytes", MetricType::Gauge, "Octets of those.", "bytes");
  write_levels(out, facts.sample, &Figures::octets, false);
  out.family("hikyaku_queue_named_oldest_seconds", MetricType::Gauge, "Age of the oldest of those.", "seconds");
  write_levels(out, facts.sample, &Figures::oldest_seconds, false);
}

void write_signatures(OpenMetricsText& out, const signing::SignCounts& counts) {
  const auto each = [&](auto value) {
    for (const auto algorithm : signing::all_algorithms)
      for (const auto field : signing::all_sign_fields) out.sample({{"algorithm", dkim::algorithm_name(algorithm)}, {"field", signing::field_name(field)}}, value(counts.of(algorithm, field)));
  };
  out.family("hikyaku_signatures", MetricType::Counter, "Signatures that signer made; each ARC seal is one ARC-Seal and one ARC-Message-Signature.");
  each([](const signing::SignCounts::Made& made) { return made.count; });
  out.family("hikyaku_signature_seconds", MetricType::Counter, "Time they took together, waiting for a worker included.", "seconds");
  each([](const signing::SignCounts::Made& made) { return static_cast<double>(made.microseconds) / 1'000'000; });
  out.family("hikyaku_signature_failures", MetricType::Counter, "Signatures that were asked for and not made.");
  for (const auto failure : signing::all_failures) out.sample({{"cause", signing::failure_name(failure)}}, counts.of(failure));
}

}  // namespace

std::string metrics_text(const MetricsFacts& facts, telemetry::MetricsForm form) {
  OpenMetricsText out(form);
  write_processes(out, facts);
  write_queue(out, facts);
  if (facts.alarms_known) {
    out.family("hikyaku_alarm_raised", MetricType::Gauge, "Whether the alarm is raised.");
    for (std::size_t i = 0; i < alarm_count; ++i) out.sample({{"alarm", alarm_name(static_cast<Alarm>(i))}}, std::uint64_t{facts.raised[i] ? 1U : 0U});
  }
  if (!facts.lists.empty()) {
    out.family("hikyaku_dns_list_off", MetricType::Gauge, "Whether the DNS list is not asked because it is not what it should be.");
    for (const auto& [zone, list] : facts.lists) out.sample({{"zone", zone}}, std::uint64_t{list.off ? 1U : 0U});
  }
  if (facts.suspended) {
    out.family("hikyaku_accounts_suspended", MetricType::Gauge, "Accounts that may not send until they are released.");
    out.sample({}, *facts.suspended);
  }
  if (facts.signatures) write_signatures(out, *facts.signatures);
  out.family("hikyaku_disk_free_bytes", MetricType::Gauge, "Free octets where the data folder is.", "bytes");
  out.sample({}, facts.free_octets);
  out.family("hikyaku_disk_reserve_bytes", MetricType::Gauge, "Free octets below which reception stops.", "bytes");
  out.sample({}, facts.reserve_octets);
  return out.take();
}

MetricsFacts read_metrics(io::Disk& disk, const std::string& data_folder, std::uint64_t reserve_octets, WallTime now) {
  MetricsFacts facts;
  facts.now = std::chrono::floor<Seconds>(now);
  facts.reserve_octets = reserve_octets;
  facts.free_octets = disk.free_octets(data_folder).value_or(0);
  if (const auto names = disk.list(data_folder + "/counters"))
    for (const auto& name : *names)
      if (const auto text = io::read_file(disk, data_folder + "/counters/" + name + "/now", largest_counters_file))
        facts.processes[name] = telemetry::decode_counters(*text);
  if (const auto text = io::read_file(disk, data_folder + "/counters/receive/lists", largest_counters_file)) facts.lists = policy::parse_lists(*text);
  if (const auto text = io::read_file(disk, data_folder + "/counters/auth/suspended", largest_suspended_text)) facts.suspended = parse_suspended(*text).size();
  if (const auto text = io::read_file(disk, data_folder + "/counters/signer/signatures", largest_counters_file)) facts.signatures = signing::parse_counts(*text);
  facts.sample = HistoryReader(disk, data_folder + "/history").newest(now);
  if (const auto text = io::read_file(disk, data_folder + "/alarm/raised", largest_raised_file)) {
    AlarmWatch watch;
    watch.decode(*text);
    facts.alarms_known = true;
    for (std::size_t i = 0; i < alarm_count; ++i) facts.raised[i] = watch.raised()[i].has_value();
    facts.raised[static_cast<std::size_t>(Alarm::AccountSuspended)] = text->find(alarm_name(Alarm::AccountSuspended)) != std::string::npos;
  }
  return facts;
}

}  // namespace hikyaku::history
