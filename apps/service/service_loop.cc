#include "apps/service/service_loop.h"

namespace hikyaku::apps {

io::Loop::Options loop_options(Service& service) {
  io::Loop::Options options;
  options.on_bug = [&service](const std::exception_ptr& bug) {
    try {
      std::rethrow_exception(bug);
    } catch (const std::exception& found) {
      service.log().write(telemetry::events::bug_found, {.reason = found.what()});
    } catch (...) {
      service.log().write(telemetry::events::bug_found, {.reason = "an exception of unknown type"});
    }
  };
  return options;
}

Task<void> told_to_stop(Service& service, io::Loop& loop) {
  while (!service.stopping()) {
    auto order = loop.readable(service.stop_descriptor(), Instant::max());
    const auto outcome = co_await order;
    if (outcome == io::Wake::Cancelled) co_return;
  }
}

}  // namespace hikyaku::apps
