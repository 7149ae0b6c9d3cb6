#include "apps/receive/trouble_watch.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::receive;

namespace {

namespace events = telemetry::events;

struct Rig {
  ManualClock clock;
  const SystemClock writers;  // the log's own thread looks at it
  telemetry::MemorySink* sink = new telemetry::MemorySink;
  telemetry::Log log{{.service = "receive"}, std::unique_ptr<telemetry::LogSink>(sink), writers};
  [[nodiscard]] long told(const telemetry::Event& event) {
    log.drain();
    const auto text = sink->text();
    const std::string wanted = "\"event\":\"" + std::string(event.name) + "\"";
    long count = 0;
    for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
    return count;
  }
};

}  // namespace

TEST_CASE("trouble watch: who fails several times in a row is told of once, and once when it is back; a single failure is not") {
  Rig rig;
  TroubleWatch watch(rig.log, rig.clock, {events::checker_away, events::checker_back, 3});
  watch.well("clamd");
  for (int i = 0; i < 2; ++i) watch.failed("clamd", "it said nothing");
  watch.well("clamd");
  for (int i = 0; i < 2; ++i) watch.failed("clamd", "it said nothing");
  CHECK(rig.told(events::checker_away) == 0);
  for (int i = 0; i < 5; ++i) watch.failed("clamd", "nobody listens there"), watch.well("rspamd");
  CHECK(rig.told(events::checker_away) == 1);
  CHECK(rig.sink->text().find("\"text\":\"clamd\"") != std::string::npos);
  CHECK(rig.sink->text().find("nobody listens there") != std::string::npos);
  rig.clock.advance(TroubleWatch::told_again);
  for (int i = 0; i < 5; ++i) watch.failed("clamd", "nobody listens there");
  CHECK_MESSAGE(rig.told(events::checker_away) == 2, "while it lasts, twice a day");
  CHECK(rig.told(events::checker_back) == 0);
  for (int i = 0; i < 3; ++i) watch.well("clamd");
  CHECK(rig.told(events::checker_back) == 1);
}

TEST_CASE("trouble watch: what comes and goes with each message is one trouble, until it has been calm") {
  Rig rig;
  TroubleWatch watch(rig.log, rig.clock, {events::disk_low, events::disk_enough, 1, 60s});
  for (int i = 0; i < 10; ++i) {
    watch.failed("", "no space");
    watch.well("");
    rig.clock.advance(10s);
  }
  CHECK(rig.told(events::disk_low) == 1);
  CHECK(rig.told(events::disk_enough) == 0);
  rig.clock.advance(60s);
  watch.well("");
  CHECK(rig.told(events::disk_enough) == 1);
  watch.failed("", "no space");
  CHECK(rig.told(events::disk_low) == 2);
}
