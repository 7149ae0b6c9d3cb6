#include "apps/front/relay.h"

#include <sys/socket.h>

namespace hikyaku::apps::front {
namespace {
constexpr Duration close_limit = 5s;

struct Shared {
  Relayed ends;
  Duration stall_limit;
  int running = 2;  // directions
};

Task<void> copy(io::Loop& loop, io::Connection& from, io::Connection& to, Duration stall_limit) {
  for (;;) {
    auto reading = from.read(Instant::max());
    const auto octets = co_await std::move(reading);
    if (!octets) co_return;
    auto writing = to.write(*octets, loop.after(stall_limit));
    const auto written = co_await std::move(writing);
    if (!written) co_return;
  }
}

// Whoever ends last closes: TLS's farewell wants the stream for itself.
Task<void> leave(io::Loop& loop, Shared& shared) {
  if (--shared.running > 0) co_return;
  auto closing = shared.ends.client->close(loop.after(close_limit));
  co_await std::move(closing);
}

Task<void> store_to_client(io::Loop& loop, std::shared_ptr<Shared> shared) {
  auto copying = copy(loop, *shared->ends.store, *shared->ends.client, shared->stall_limit);
  co_await std::move(copying);
  shared->ends.client->interrupt();
  shared->ends.store->abort();  // a client that takes nothing any more: the store must learn it
  auto leaving = leave(loop, *shared);
  co_await std::move(leaving);
}

Task<void> client_to_store(io::Loop& loop, std::shared_ptr<Shared> shared) {
  auto copying = copy(loop, *shared->ends.client, *shared->ends.store, shared->stall_limit);
  co_await std::move(copying);
  if (shared->ends.store->open()) ::shutdown(shared->ends.store_socket, SHUT_WR);
  auto leaving = leave(loop, *shared);
  co_await std::move(leaving);
}
}  // namespace

Task<void> relay(io::Loop& loop, Relayed ends, Duration stall_limit) {
  auto shared = std::make_shared<Shared>(std::move(ends), stall_limit);
  loop.spawn(store_to_client(loop, shared));
  auto upwards = client_to_store(loop, std::move(shared));
  co_await std::move(upwards);
}

}  // namespace hikyaku::apps::front
