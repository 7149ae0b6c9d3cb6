// A session behind the store's door: real loop, workers, socketpair and mailboxes, the engine in memory.
#include "apps/imap_store/session_task.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <thread>

#include "apps/imap_store/opening.h"
#include "storage/memory_engine.h"

namespace hikyaku::apps::imap_store {
namespace {

struct House {
  SystemClock clock;
  storage::MemoryEngine engine;
  mailboxes::Mailboxes mailboxes{engine, clock};
  Shared shared{mailboxes, clock, [](AccountId) { return mailboxes::QuotaLimit{}; }};
  io::Loop loop;
  io::Workers workers{2, 100};
  Hall hall{loop, workers, shared, telemetry::discarding_log(), 30min, std::make_shared<const imap::SessionSettings>()};
};

// The client's end of the stream, blocking, with a time limit; driven by the test's own thread.
class Client {
 public:
  explicit Client(int socket) : socket_(socket) {
    const timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { ::close(socket_); }
  void say(std::string_view text) { REQUIRE(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())); }
  // Everything up to and with a line that begins so; what came when the stream ended or the time was over.
  std::string until(std::string_view start) {
    std::string text;
    char octet = 0;
    std::size_t line = 0;
    while (::recv(socket_, &octet, 1, 0) == 1) {
      text += octet;
      if (octet != '\n') continue;
      if (std::string_view(text).substr(line).starts_with(start)) break;
      line = text.size();
    }
    return text;
  }

 private:
  int socket_;
};

// Opens a session of account 1 and gives the client's end.
int open_session(House& house) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  auto stream = std::make_unique<io::Connection>(house.loop, io::Descriptor(ends[0]), io::SocketAddress{});
  front::LoggedIn who{.account = AccountId{1}, .address = "a@a.example", .opening = encode_opening({"login", "n NOOP\r\n"})};
  house.loop.spawn(serve_session(house.hall, std::move(who), std::move(stream)));
  return ends[1];
}

TEST_CASE("imap store: a session idles, is woken by another one, and is dismissed in good order") {
  House house;
  const int first = open_session(house), second = open_session(house);
  house.loop.spawn(watch_over(house.hall, [](AccountId, WallTime) { return true; }));
  std::thread running([&] { house.loop.run(); });
  {
    Client one(first), two(second);
    CHECK(one.until("n ").starts_with("login OK [CAPABILITY "));
    CHECK(two.until("n ").ends_with("n OK Done\r\n"));
    one.say("a SELECT INBOX\r\nb IDLE\r\n");
    CHECK(one.until("+ idling").contains("* 0 EXISTS"));
    std::this_thread::sleep_for(50ms);  // asleep by now
    two.say("a APPEND INBOX {20+}\r\nSubject: x\r\n\r\n123456\r\n");
    CHECK(two.until("a ").starts_with("a OK [APPENDUID "));
    const auto before = std::chrono::steady_clock::now();
    CHECK(one.until("* 1 EXISTS").ends_with("* 1 EXISTS\r\n"));
    CHECK(std::chrono::steady_clock::now() - before < 900ms);  // by the bell, not by the ticker
    house.loop.post([&] { dismiss_all(house.hall); });
    CHECK(one.until("* BYE").contains("b OK Done\r\n* BYE The server is stopping"));
    CHECK(two.until("* BYE").contains("* BYE The server is stopping"));
  }
  house.loop.post([&] { house.loop.stop(); });
  running.join();
}

TEST_CASE("imap store: the session of an account that may not read any more ends") {
  House house;
  const int socket = open_session(house);
  house.loop.spawn(watch_over(house.hall, [](AccountId, WallTime) { return false; }));
  std::thread running([&] { house.loop.run(); });
  {
    Client client(socket);
    CHECK(client.until("* BYE").contains("* BYE This account may not read mail any more"));
  }
  house.loop.post([&] { house.loop.stop(); });
  running.join();
}

}  // namespace
}  // namespace hikyaku::apps::imap_store
