#include "services/history/metrics.h"

#include <doctest/doctest.h>

#include <set>

#include "io/simulated_disk.h"
#include "services/history/files.h"

namespace hikyaku::history {
namespace {

using telemetry::MetricsForm;
const Time now{Seconds{1'795'305'600}};

TEST_CASE("every family appears once, whole, and the text is ended") {
  MetricsFacts facts;
  facts.now = now;
  facts.processes["deliver"] = {1, 1'795'305'590, 1'500, 3, 4, {{"delivery.deferred", {7, 0}}, {"mail.accepted", {8, 900}}}};
  facts.processes["receive"] = {1, 1'795'305'000, 0, 3, 0, {{"mail.accepted", {9, 1'000}}}};
  facts.sample = {{now, {Place::Incoming, Dimension::Total, {}}, {1, 2, 3}}, {now, {Place::Domains, Dimension::Destination, "mx:\"a\""}, {4, 5, 6}}};
  facts.alarms_known = true;
  facts.raised[static_cast<std::size_t>(Alarm::Growth)] = true;
  facts.suspended = 3;
  facts.signatures.emplace();
  facts.signatures->of(dkim::Algorithm::RsaSha256, signing::SignField::ArcSeal) = {5, 2'500'000};
  facts.signatures->of(signing::SignFailure::Busy) = 6;
  const auto text = metrics_text(facts, MetricsForm::OpenMetrics);
  for (const auto* line : {"hikyaku_process_up{process=\"deliver\"} 1\n", "hikyaku_process_up{process=\"receive\"} 0\n", "hikyaku_process_cpu_seconds_total{process=\"deliver\"} 1.500\n",
                           "hikyaku_events_total{process=\"receive\",event=\"mail.accepted\"} 9\n", "hikyaku_event_bytes_total{process=\"deliver\",event=\"mail.accepted\"} 900\n",
                           "hikyaku_queue_oldest_seconds{place=\"incoming\"} 3\n",
                           "hikyaku_queue_named_entries{place=\"domains\",by=\"destination\",name=\"mx:\\\"a\\\"\"} 4\n",
                           "hikyaku_queue_named_bytes{place=\"domains\",by=\"destination\",name=\"mx:\\\"a\\\"\"} 5\n",
                           "hikyaku_queue_named_oldest_seconds{place=\"domains\",by=\"destination\",name=\"mx:\\\"a\\\"\"} 6\n", "hikyaku_queue_bytes{place=\"incoming\"} 2\n",
                           "hikyaku_alarm_raised{alarm=\"growth\"} 1\n", "hikyaku_accounts_suspended 3\n", "hikyaku_signatures_total{algorithm=\"rsa-sha256\",field=\"ARC-Seal\"} 5\n", "hikyaku_signatures_total{algorithm=\"ed25519-sha256\",field=\"DKIM-Signature\"} 0\n",
                           "hikyaku_signature_seconds_total{algorithm=\"rsa-sha256\",field=\"ARC-Seal\"} 2.500\n", "hikyaku_signature_failures_total{cause=\"busy\"} 6\n",
                           "hikyaku_alarm_raised{alarm=\"silence\"} 0\n"})
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  CHECK(text.ends_with("\n# EOF\n"));
  std::set<std::string> families;
  for (std::size_t at = text.find("# TYPE "); at != std::string::npos; at = text.find("# TYPE ", at + 1)) {
    const auto name = text.substr(at + 7, text.find(' ', at + 7) - at - 7);
    CHECK_MESSAGE(families.insert(name).second, name);
  }
  const auto classic = metrics_text(facts, MetricsForm::Prometheus);
  CHECK(classic.find("# TYPE hikyaku_events_total counter\n") != std::string::npos);
  CHECK(classic.find("# UNIT") == std::string::npos);
  CHECK(classic.find("# EOF") == std::string::npos);
}

TEST_CASE("facts come from the data folder, and what is missing is left out") {
  io::SimulatedDisk disk({.seed = 1});
  CHECK(read_metrics(disk, "/data", 7, now).processes.empty());
  REQUIRE(disk.make_folder("/data/counters/deliver"));
  REQUIRE(disk.make_folder("/data/counters/broken"));
  REQUIRE(io::replace_file(disk, "/data/counters/deliver/now", telemetry::encode({1, 2, 3, 4, 5, {}})));
  HistoryWriter writer(disk, "/data/history");
  for (const int back : {120, 60, 0})
    REQUIRE(writer.append({{now - Seconds{back}, {Place::Incoming, Dimension::Total, {}}, {static_cast<std::uint64_t>(back), 0, 0}},
                           {now - Seconds{back}, {Place::Domains, Dimension::Total, {}}, {1, 0, 0}}}));
  REQUIRE(disk.make_folder("/data/alarm"));
  REQUIRE(io::replace_file(disk, "/data/alarm/raised", "messages 5\naccount-suspended 5 ann@a.example\n"));
  REQUIRE(disk.make_folder("/data/counters/auth"));
  REQUIRE(io::replace_file(disk, "/data/counters/auth/suspended", "5 auth ann@a.example why\nnonsense\n"));
  REQUIRE(disk.make_folder("/data/counters/signer"));
  REQUIRE(io::replace_file(disk, "/data/counters/signer/signatures", "failed busy 7\nnonsense\n"));
  const auto facts = read_metrics(disk, "/data", 7, now + Seconds{30});
  CHECK(facts.processes.size() == 1);
  CHECK(facts.processes.at("deliver").dropped_lines == 5);
  REQUIRE(facts.sample.size() == 2);
  CHECK(facts.sample[0].at == now);
  CHECK(facts.sample[0].figures.count == 0);
  CHECK(facts.alarms_known);
  CHECK(facts.raised[static_cast<std::size_t>(Alarm::Messages)]);
  CHECK_FALSE(facts.raised[static_cast<std::size_t>(Alarm::Octets)]);
  CHECK(facts.raised[static_cast<std::size_t>(Alarm::AccountSuspended)]);
  CHECK(facts.suspended == 1);
  REQUIRE(facts.signatures);
  CHECK(facts.signatures->of(signing::SignFailure::Busy) == 7);
  CHECK(read_metrics(disk, "/data", 7, now + std::chrono::days{3}).sample.empty());  // too old to be the present
}

}  // namespace
}  // namespace hikyaku::history
