#include "apps/service/service_loop.h"

#include <doctest/doctest.h>

#include <stdexcept>

namespace hikyaku::apps {
namespace {

struct House {
  SystemClock clock;
  telemetry::MemorySink* sink = new telemetry::MemorySink;
  telemetry::Log log{{.service = "auth"}, std::unique_ptr<telemetry::LogSink>(sink), clock};
  Service service{{.name = "auth", .settings = settings::preset_settings(), .listeners = {}, .tls = {}, .log = &log}};
  io::Loop loop{loop_options(service)};
};

Task<void> fail(int kind) {
  if (kind == 0) throw std::runtime_error("out of order");
  if (kind == 1) throw 7;
  co_return;
}

Task<void> note_the_stop(House& house, bool& told) {
  auto waiting = told_to_stop(house.service, house.loop);
  co_await std::move(waiting);
  told = true;
  house.loop.stop();
}

TEST_CASE("a bug is a line in the log, and the loop goes on until it is told to stop") {
  House house;
  bool told = false;
  house.loop.spawn(note_the_stop(house, told));
  for (const int kind : {0, 1, 2}) house.loop.spawn(fail(kind));
  house.loop.post([&] {
    CHECK(!told);
    house.service.order_stop();
  });
  house.loop.run();
  CHECK(told);
  house.log.drain();
  CHECK(house.sink->text().contains("\"event\":\"bug.found\",\"service\":\"auth\",\"reason\":\"out of order\""));
  CHECK(house.sink->text().contains("an exception of unknown type"));
}

TEST_CASE("an order that came before the wait is not missed") {
  House house;
  house.service.order_stop();
  bool told = false;
  house.loop.spawn(note_the_stop(house, told));
  house.loop.run();
  CHECK(told);
}

}  // namespace
}  // namespace hikyaku::apps
