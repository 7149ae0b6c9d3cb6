#include "apps/service/stop_when_told.h"

#include "apps/service/service_loop.h"

namespace hikyaku::apps {

Task<void> stop_when_told(Service& service, io::Loop& loop, io::ChannelServer& server) {
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  server.close();
  loop.stop();
}

}  // namespace hikyaku::apps
