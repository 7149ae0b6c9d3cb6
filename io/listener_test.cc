#include "io/listener.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <ctime>
#include <thread>

#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

SocketAddress any_port(const char* ip = "127.0.0.1") { return {*IpAddress::parse(ip), 0}; }

Task<void> accept_one(Listener& listener, Deadline deadline, IoResult<Accepted>& result) {
  auto accepting = listener.accept(deadline);
  result = co_await std::move(accepting);
}

Task<void> connect_one(Loop& loop, SocketAddress address, IoResult<std::unique_ptr<Connection>>& result) {
  auto connecting = connect(loop, address, loop.after(5s));
  result = co_await std::move(connecting);
}

Task<void> meet(Loop& loop, Listener& listener, IoResult<Accepted>& accepted,
                IoResult<std::unique_ptr<Connection>>& connected) {
  loop.spawn(accept_one(listener, loop.after(5s), accepted));
  auto connecting = connect_one(loop, listener.address(), connected);
  co_await std::move(connecting);
  for (int i = 0; i < 100 && !accepted; ++i) co_await loop.sleep_until(loop.after(5ms));
}

}  // namespace

TEST_CASE("listener: a connection over IPv4, IPv6 and a Unix socket, with both ends' addresses") {
  TestFolder folder;
  for (const auto& address : {any_port(), any_port("::1"), SocketAddress::unix_path(folder / "s")}) {
    Loop loop;
    auto socket = listen_on(address);
    REQUIRE_MESSAGE(socket, address.to_string());
    Listener listener(loop, std::move(*socket));
    IoResult<Accepted> accepted = failure(IoError{});
    IoResult<std::unique_ptr<Connection>> connected = failure(IoError{});
    run_to_end(loop, meet(loop, listener, accepted, connected));
    REQUIRE(accepted);
    REQUIRE(connected);
    CHECK((*connected)->peer() == listener.address());
    if (address.is_ip()) CHECK(accepted->peer == (*connected)->local());
    CHECK(accepted->peer.is_local());
  }
}

TEST_CASE("listener: a stale Unix socket is replaced, any other file is not; an address in use is told") {
  TestFolder folder;
  const auto address = SocketAddress::unix_path(folder / "s");
  REQUIRE(listen_on(address));
  REQUIRE(listen_on(address));
  struct stat status{};
  REQUIRE(::stat(address.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
  const auto tcp = listen_on(any_port());
  const auto again = listen_on(local_address(tcp->get()));
  REQUIRE(!again);
  CHECK(again.error().what.contains("Address already in use"));
  std::fclose(std::fopen((folder / "file").c_str(), "w"));
  CHECK(!listen_on(SocketAddress::unix_path(folder / "file")));
  CHECK(::stat((folder / "file").c_str(), &status) == 0);
  CHECK(!listen_on(SocketAddress::unix_path(std::string(200, 'x'))));
}

namespace {
Task<void> three_ends(Loop& loop, std::vector<IoFailure>& kinds, TestFolder& folder) {
  IoResult<std::unique_ptr<Connection>> connected = failure(IoError{});
  auto closed_port = *listen_on(any_port());
  const auto address = local_address(closed_port.get());
  closed_port.reset();
  for (const auto& target :
       {address, SocketAddress::unix_path(folder / "nobody"), SocketAddress::unix_path(std::string(300, 'x'))}) {
    auto connecting = connect_one(loop, target, connected);
    co_await std::move(connecting);
    kinds.push_back(connected ? IoFailure::Closed : connected.error().kind);
  }
}
}  // namespace

TEST_CASE("connect: nobody listens") {
  TestFolder folder;
  Loop loop;
  std::vector<IoFailure> kinds;
  run_to_end(loop, three_ends(loop, kinds, folder));
  CHECK(kinds[0] == IoFailure::Refused);
  CHECK(kinds[1] == IoFailure::Refused);
  CHECK(kinds[2] != IoFailure::Closed);
}

TEST_CASE("listener: accept ends by deadline and by close") {
  Loop loop;
  Listener listener(loop, *listen_on(any_port()));
  IoResult<Accepted> timed = failure(IoError{}), closed = failure(IoError{});
  loop.spawn(accept_one(listener, loop.after(10ms), timed));
  loop.spawn(accept_one(listener, Instant::max(), closed));
  loop.spawn(then_stop(loop, [](Loop& on, Listener& to_close) -> Task<void> {
    co_await on.sleep_until(on.after(30ms));
    to_close.close();
    co_await on.sleep_until(on.after(10ms));
  }(loop, listener)));
  loop.run();
  CHECK(timed.error().kind == IoFailure::TimedOut);
  CHECK(closed.error().kind == IoFailure::Closed);
}

namespace {
Task<void> starve(Loop& loop, Listener& listener, std::vector<Descriptor>& hoard, IoResult<Accepted>& accepted,
                  clock_t& used) {
  // A client connects, then every descriptor this process may have is taken.
  auto client = connect(loop, listener.address(), loop.after(5s));
  auto connected = co_await std::move(client);
  REQUIRE(connected);
  for (Descriptor next(::dup(0)); next; next.reset(::dup(0))) hoard.push_back(std::move(next));
  loop.spawn(accept_one(listener, loop.after(5s), accepted));
  const clock_t before = std::clock();
  co_await loop.sleep_until(loop.after(250ms));
  used = std::clock() - before;
  CHECK(!accepted);
  hoard.clear();
  for (int i = 0; i < 200 && !accepted; ++i) co_await loop.sleep_until(loop.after(5ms));
}
}  // namespace

TEST_CASE("listener: out of descriptors it tells, pauses without spinning, and accepts when there are some again") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  Loop loop;
  Listener listener(loop, *listen_on(any_port()));
  int told = 0;
  listener.on_shortage = [&](const IoError& error) { told += error.kind == IoFailure::NoResources; };
  rlimit small = before;
  small.rlim_cur = 64;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &small) == 0);
  std::vector<Descriptor> hoard;
  IoResult<Accepted> accepted = failure(IoError{});
  clock_t used = 0;
  run_to_end(loop, starve(loop, listener, hoard, accepted, used));
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(accepted);
  CHECK(told >= 2);
  CHECK(told <= 4);
  CHECK(used < CLOCKS_PER_SEC / 10);
}
