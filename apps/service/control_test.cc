#include "apps/service/control.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace hikyaku::apps {
namespace {

struct Pair {
  int ours = -1, theirs = -1;
  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    ours = ends[0], theirs = ends[1];
  }
  ~Pair() { close(ours), close(theirs); }
  // Until no more goes in; how many went.
  [[nodiscard]] int fill() const {
    int sent = 0;
    while (sent < 100'000 && send_control(ours, {ControlKind::ReloadAsked, "", {}}, 0s)) ++sent;
    return sent;
  }
};

TEST_CASE("a message arrives whole, with its text and descriptors") {
  const Pair pair;
  const std::string long_text(1 << 20, 'x');
  REQUIRE(send_control(pair.ours, {ControlKind::Begin, long_text, {STDIN_FILENO}}, 1s));
  auto message = receive_control(pair.theirs);
  REQUIRE(message);
  CHECK(message->kind == ControlKind::Begin);
  CHECK(message->text == long_text);
  REQUIRE(message->descriptors.size() == 1);
  CHECK(close(message->descriptors.front()) == 0);
}

TEST_CASE("who does not read stops nobody for longer than the limit") {
  const Pair pair;
  const int sent = pair.fill();
  CHECK(sent >= 100);
  CHECK(sent < 100'000);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(!send_control(pair.ours, {ControlKind::Stop, "", {}}, 200ms));
  CHECK(!send_control(pair.ours, {ControlKind::Stop, "text in a file", {}}, 0s));
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK(took >= 200ms);
  CHECK(took < 5s);
  // A reader makes room, and whoever still waits goes on.
  std::jthread reader([&] {
    std::this_thread::sleep_for(50ms);
    for (int i = 0; i < sent; ++i) (void)receive_control(pair.theirs);
  });
  CHECK(send_control(pair.ours, {ControlKind::Stop, "", {}}, 10s));
  reader.join();
  CHECK(receive_control(pair.theirs)->kind == ControlKind::Stop);
}

TEST_CASE("who is gone is told nothing, at once") {
  Pair pair;
  close(pair.theirs);
  pair.theirs = -1;
  CHECK(!send_control(pair.ours, {ControlKind::Stop, "", {}}, 10s));
  CHECK(!receive_control(pair.ours));
}

}  // namespace
}  // namespace hikyaku::apps
