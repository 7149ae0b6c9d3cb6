#include "services/telemetry/open_metrics.h"

#include <doctest/doctest.h>

#include "services/telemetry/service_counters.h"

namespace hikyaku::telemetry {
namespace {

TEST_CASE("families and samples, as OpenMetrics 1.0 has them") {
  OpenMetricsText text;
  text.family("a_messages", MetricType::Counter, "What came.");
  text.sample({{"service", "deliver"}, {"name", "x\"y\\z\nw"}}, std::uint64_t{7});
  text.sample({}, std::uint64_t{0});
  text.family("b_seconds", MetricType::Gauge, "How long.", "seconds");
  text.sample({}, 1.0625);
  text.sample({{"name", "日本\xff\xed\xa0\x80\x01"}}, 12.5);
  CHECK(text.take() ==
        "# TYPE a_messages counter\n# HELP a_messages What came.\na_messages_total{service=\"deliver\",name=\"x\\\"y\\\\z\\nw\"} 7\na_messages_total 0\n"
        "# TYPE b_seconds gauge\n# UNIT b_seconds seconds\n# HELP b_seconds How long.\nb_seconds 1.063\nb_seconds{name=\"日本?????\"} 12.500\n# EOF\n");
}

TEST_CASE("counters come back as they were written, and damaged lines are left out") {
  ServiceCounters counters{1, 2, 3, 4, 5, {{"mail.accepted", {6, 7}}, {"delivery.deferred", {8, 0}}}};
  const auto text = encode(counters);
  CHECK(decode_counters(text) == counters);
  for (const auto* line : {"started\n", "started x\n", "started 1 2\n", "event\n", "event a\n", "event a 1\n", "event a 1 x\n", "event a 1 2 3\n", "event a b 1\n",
                           "event  1 2\n", "cpu_ms 99999999999999999999999\n", "\n", "nothing 1\n", "\xff\xfe\n"}) {
    CAPTURE(line);
    CHECK(decode_counters(line) == ServiceCounters{});
    CHECK(decode_counters(line + text) == counters);
  }
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "event e" + std::to_string(i) + " 1 1\n";
  CHECK(decode_counters(many).events.size() == 1'000);
}

}  // namespace
}  // namespace hikyaku::telemetry
