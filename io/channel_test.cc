#include "io/channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

// "echo TEXT", "slow TEXT" (after 50 ms), "file PATH" (a descriptor), "hang", "throw"
Task<Message> handle(Loop& loop, Message request) {
  const std::string& text = request.octets;
  if (text.starts_with("slow")) co_await loop.sleep_until(loop.after(50ms));
  if (text == "hang") co_await loop.sleep_until(Instant::max());
  if (text == "throw") throw Bug("planted");
  Message reply{"re: " + text, {}};
  if (text.starts_with("file ")) reply.descriptors.emplace_back(::open(text.substr(5).c_str(), O_RDONLY | O_CLOEXEC));
  for (auto& descriptor : request.descriptors) reply.descriptors.push_back(std::move(descriptor));
  co_return reply;
}

ChannelServer make_server(Loop& loop, const SocketAddress& address) {
  return {loop, *listen_on(address),
          [&loop](Message request, PeerProcess) { return handle(loop, std::move(request)); }};
}

struct Rig {
  TestFolder folder;
  SocketAddress address = SocketAddress::unix_path(folder / "s");
  int bugs = 0;
  Loop loop{{.on_bug = [this](const std::exception_ptr&) { ++bugs; }}};
};

Task<void> ask(Loop& loop, ChannelClient& client, std::string text, Duration wait, OnLoss on_loss,
               std::string& answer) {
  auto asking = client.request(Message{std::move(text), {}}, loop.after(wait), on_loss);
  auto reply = co_await std::move(asking);
  answer = reply ? reply->octets : "failure " + std::to_string(static_cast<int>(reply.error().kind));
}

std::string failed(ChannelFailure kind) { return "failure " + std::to_string(static_cast<int>(kind)); }

Task<void> overtake(Rig& rig, ChannelClient& client) {
  std::string slow, hang;
  rig.loop.spawn(ask(rig.loop, client, "slow one", 5s, OnLoss::Fail, slow));
  rig.loop.spawn(ask(rig.loop, client, "hang", 100ms, OnLoss::Fail, hang));
  for (int i = 0; i < 500; ++i) {
    std::string answer;
    auto asking = ask(rig.loop, client, std::to_string(i), 5s, OnLoss::Fail, answer);
    co_await std::move(asking);
    REQUIRE(answer == "re: " + std::to_string(i));
  }
  std::string large;
  auto asking = ask(rig.loop, client, std::string(1'000'000, 'x'), 5s, OnLoss::Fail, large);
  co_await std::move(asking);
  CHECK(large.size() == 1'000'004);
  auto too_large = ask(rig.loop, client, std::string(1 << 20, 'x'), 5s, OnLoss::Fail, large);
  co_await std::move(too_large);
  CHECK(large == failed(ChannelFailure::TooLarge));
  co_await rig.loop.sleep_until(rig.loop.after(120ms));
  CHECK(slow == "re: slow one");
  CHECK(hang == failed(ChannelFailure::TimedOut));
}

Task<void> many_at_once(Rig& rig, ChannelClient& client) {
  std::vector<std::string> answers(3000);
  for (std::size_t i = 0; i < answers.size(); ++i)
    rig.loop.spawn(ask(rig.loop, client, "slow " + std::to_string(i), 20s, OnLoss::Fail, answers[i]));
  co_await rig.loop.sleep_until(rig.loop.after(20ms));
  for (int tries = 0; tries < 1000 && answers.back().empty(); ++tries)
    co_await rig.loop.sleep_until(rig.loop.after(10ms));
  for (std::size_t i = 0; i < answers.size(); ++i) REQUIRE(answers[i] == "re: slow " + std::to_string(i));
}

Task<void> pass_descriptors(Rig& rig, ChannelClient& client) {
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const Descriptor reading(ends[0]);
    Message message{"keep", {}};
    message.descriptors.emplace_back(ends[1]);
    auto asking = client.request(std::move(message), rig.loop.after(5s));
    auto reply = co_await std::move(asking);
    REQUIRE(reply);
    REQUIRE(reply->descriptors.size() == 1);
    REQUIRE(::write(reply->descriptors[0].get(), "x", 1) == 1);
    reply->descriptors.clear();
    char got[2];
    CHECK(::read(reading.get(), got, 2) == 1);
    CHECK(::read(reading.get(), got, 2) == 0);  // every copy of the writing end is closed: nothing leaked
  }
}

Task<void> restart(Rig& rig, ChannelClient& client, std::unique_ptr<ChannelServer>& server) {
  std::string early, answer, repeated, lost;
  auto nobody = ask(rig.loop, client, "x", 60ms, OnLoss::Fail, early);
  co_await std::move(nobody);
  CHECK(early == failed(ChannelFailure::Unavailable));
  rig.loop.spawn(ask(rig.loop, client, "waiting", 5s, OnLoss::Fail, answer));
  co_await rig.loop.sleep_until(rig.loop.after(50ms));
  server.reset(new ChannelServer(make_server(rig.loop, rig.address)));
  rig.loop.spawn(server->serve());
  for (int i = 0; i < 4'000 && answer.empty(); ++i) co_await rig.loop.sleep_until(rig.loop.after(5ms));
  CHECK(answer == "re: waiting");
  // A bug in the handler closes the stream under everybody: one asks again by itself, the other is told.
  rig.loop.spawn(ask(rig.loop, client, "slow repeated", 5s, OnLoss::Repeat, repeated));
  rig.loop.spawn(ask(rig.loop, client, "slow lost", 5s, OnLoss::Fail, lost));
  auto bug = ask(rig.loop, client, "throw", 5s, OnLoss::Fail, answer);
  co_await std::move(bug);
  CHECK(answer == failed(ChannelFailure::Unavailable));
  for (int i = 0; i < 4'000 && repeated.empty(); ++i) co_await rig.loop.sleep_until(rig.loop.after(5ms));
  CHECK(repeated == "re: slow repeated");
  CHECK(lost == failed(ChannelFailure::Unavailable));
}

Task<void> hostile_peer(Rig& rig, std::string octets, bool& closed) {
  auto connecting = connect(rig.loop, rig.address, rig.loop.after(10s));
  auto connected = co_await std::move(connecting);
  auto writing = (*connected)->write(octets, rig.loop.after(10s));
  (void)co_await std::move(writing);
  auto reading = (*connected)->read(rig.loop.after(10s));
  const auto got = co_await std::move(reading);
  closed = !got && got.error().kind != IoFailure::TimedOut;
}

}  // namespace

TEST_CASE("channel: replies find their requests, fast ones overtake slow ones, each has its deadline") {
  Rig rig;
  auto server = make_server(rig.loop, rig.address);
  ChannelClient client(rig.loop, rig.address);
  rig.loop.spawn(server.serve());
  run_to_end(rig.loop, overtake(rig, client));
}

TEST_CASE("channel: more requests at once than a server takes from one peer all get their answers") {
  Rig rig;
  auto server = make_server(rig.loop, rig.address);
  ChannelClient client(rig.loop, rig.address);
  rig.loop.spawn(server.serve());
  run_to_end(rig.loop, many_at_once(rig, client));
}

TEST_CASE("channel: descriptors travel both ways and none leaks") {
  Rig rig;
  auto server = make_server(rig.loop, rig.address);
  ChannelClient client(rig.loop, rig.address);
  rig.loop.spawn(server.serve());
  run_to_end(rig.loop, pass_descriptors(rig, client));
}

TEST_CASE("channel: the server may come late and go; a lost request is repeated only where that is asked for") {
  Rig rig;
  ChannelClient client(rig.loop, rig.address);
  std::unique_ptr<ChannelServer> server;
  run_to_end(rig.loop, restart(rig, client, server));
  CHECK(rig.bugs == 1);
}

TEST_CASE("channel: a client destroyed before its requests end cancels them") {
  Rig rig;
  auto server = make_server(rig.loop, rig.address);
  auto client = std::make_unique<ChannelClient>(rig.loop, rig.address);
  std::string answer;
  rig.loop.spawn(server.serve());
  rig.loop.spawn(ask(rig.loop, *client, "hang", 5s, OnLoss::Repeat, answer));
  run_to_end(rig.loop, [](Rig& of, std::unique_ptr<ChannelClient>& going) -> Task<void> {
    co_await of.loop.sleep_until(of.loop.after(20ms));
    going.reset();
    co_await of.loop.sleep_until(of.loop.after(20ms));
  }(rig, client));
  CHECK(answer == failed(ChannelFailure::Cancelled));
}

TEST_CASE("channel: frames beyond the limits close the stream") {
  using namespace std::string_literals;
  Rig rig;
  auto server = make_server(rig.loop, rig.address);
  rig.loop.spawn(server.serve());
  bool length = false, descriptors = false, missing = false, number = false;
  run_to_end(rig.loop, [](Rig& of, bool& a, bool& b, bool& c, bool& d) -> Task<void> {
    auto one = hostile_peer(of, "\xff\xff\xff\xff\0"s, a);
    co_await std::move(one);
    auto two = hostile_peer(of, "\x01\0\0\0\xffx"s, b);
    co_await std::move(two);
    auto three = hostile_peer(of, "\x08\0\0\0\x01"s + std::string(8, '\0'), c);
    co_await std::move(three);
    auto four = hostile_peer(of, "\x02\0\0\0\0xy"s, d);
    co_await std::move(four);
  }(rig, length, descriptors, missing, number));
  CHECK(length);
  CHECK(descriptors);
  CHECK(missing);
  CHECK(number);
}

TEST_CASE("channel: a process of another user is not admitted") {
  if (::geteuid() != 0) return;  // only root may become somebody else
  Rig rig;
  REQUIRE(::chmod(rig.folder.path().c_str(), 0755) == 0);
  const Descriptor listening = *listen_on(rig.address);
  REQUIRE(::chmod(rig.address.path().c_str(), 0666) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // The server runs as "nobody", its peer as somebody else again.
    const pid_t peer = ::fork();
    if (peer == 0) {
      if (::setuid(65533) != 0) ::_exit(9);
      sockaddr_storage storage;
      const auto length = rig.address.to_system(storage);
      const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
      if (::connect(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0) ::_exit(8);
      char octet;
      ::_exit(::read(fd, &octet, 1) == 0 ? 0 : 1);
    }
    if (::setuid(65534) != 0) ::_exit(9);
    Loop loop;
    ChannelServer server(loop, Descriptor(listening.get()),
                         [&loop](Message request, PeerProcess) { return handle(loop, std::move(request)); });
    loop.spawn(server.serve());
    int status = 0;
    loop.spawn([](Loop& on, pid_t waited, int& ended) -> Task<void> {
      while (::waitpid(waited, &ended, WNOHANG) == 0) co_await on.sleep_until(on.after(5ms));
      on.stop();
    }(loop, peer, status));
    loop.run();
    ::_exit(WEXITSTATUS(status));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}
