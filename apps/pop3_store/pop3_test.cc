// POP3 from a client's socket to the mailbox and back, in one process: front, hand-over, relay, store.
#include <doctest/doctest.h>

#include <fstream>
#include <sys/socket.h>

#include "apps/front/front.h"
#include "apps/front/store_door.h"
#include "apps/pop3_front/run.h"
#include "apps/pop3_store/serve.h"
#include "io/test_certificate.h"
#include "io/test_folder.h"
#include "io/test_loop.h"
#include "storage/memory_engine.h"

using namespace hikyaku;
using namespace hikyaku::apps;

namespace {
// auth in small: the password is "secret"; SCRAM is a challenge, any response, and a last message.
class TestExchange final : public front::LoginExchange {
 public:
  Task<directory::AuthStep> begin(std::string mechanism, std::optional<std::string> initial_response,
                                      directory::PeerContext peer) override {
    if (mechanism == "SCRAM-SHA-256") co_return directory::AuthChallenge{"first"};
    if (peer.tls == directory::TlsState::Plain && peer.client_address != "local")
      co_return directory::AuthFailure{directory::AuthFailure::Why::TlsRequired};
    if (initial_response != std::string("\0a@b.example\0secret", 19)) co_return directory::AuthFailure{};
    co_return directory::AuthSuccess{AccountId{7}, "a@b.example", "", "a good ticket"};
  }
  Task<directory::AuthStep> step(std::string response) override {
    if (response == "wrong") co_return directory::AuthFailure{};
    co_return directory::AuthSuccess{AccountId{7}, "a@b.example", "last", "a good ticket"};
  }
};

class TestLogins final : public front::Logins {
 public:
  bool down = false;
  Task<directory::Answer<directory::PeerRights>> rights(directory::PeerContext) override {
    if (down) co_return directory::TemporaryFailure{"auth is down"};
    co_return directory::PeerRights{{"SCRAM-SHA-256", "PLAIN"}, false};
  }
  std::unique_ptr<front::LoginExchange> exchange() override { return std::make_unique<TestExchange>(); }
};

// auth's other side: one ticket is good, and others are not.
class TestVouching final : public front::Vouching {
 public:
  std::string good = "a good ticket";
  bool down = false;
  Task<directory::Answer<std::optional<directory::Vouched>>> redeem(std::string ticket) override {
    if (down) co_return directory::TemporaryFailure{"auth is down"};
    if (ticket != good) co_return std::nullopt;
    co_return directory::Vouched{AccountId{7}, "a@b.example", "192.0.2.7"};
  }
};

struct Rig {
  io::TestFolder folder;
  io::TestAuthority authority{folder.path()};
  io::Loop loop;
  storage::MemoryEngine engine;
  SystemClock clock;
  mailboxes::Mailboxes boxes{engine, clock};
  io::Workers workers{2, 100};
  front::Kind kind = pop3_kind();
  TestLogins logins;
  TestVouching vouching;
  io::SocketAddress store_address = io::SocketAddress::unix_path(folder / "store.sock");
  io::ChannelClient store{loop, store_address};
  Pop3Store around{loop, workers, boxes, telemetry::discarding_log(), 5s, 5s};
  std::size_t sessions_limit = 10;
  std::unique_ptr<front::StoreDoor> door;
  io::AddressLimit limit{10, 10};
  std::shared_ptr<const front::Surroundings> surroundings;
  Duration login_time = 5s;

  Rig() {
    authority.issue("mail", "DNS:mail.example");
    for (const char* body : {"Subject: one\r\n\r\n.first\r\n", "Subject: two\r\n\r\nsecond\r\n", "Subject: three\r\n\r\nthird\r\n"}) {
      REQUIRE(boxes.create_account(AccountId{7}, soon()));
      const mailboxes::NewMessage message{.body = body};
      REQUIRE(boxes.append(AccountId{7}, inbox(), {&message, 1}, {}, soon()));
    }
  }
  static Deadline soon() { return std::chrono::steady_clock::now() + 10s; }
  mailboxes::MailboxId inbox() { return boxes.find(AccountId{7}, "INBOX", soon())->id; }
  std::size_t messages() {
    return boxes.open(AccountId{7}, inbox(), mailboxes::Mailboxes::RecentMessages::Leave, soon())->entries.size();
  }

  // A client of the front; the store's door is opened with the first one.
  std::unique_ptr<io::Connection> connect() {
    if (!door) {
      door = std::make_unique<front::StoreDoor>(loop, *io::listen_on(store_address), vouching, telemetry::discarding_log(), sessions_limit,
                                                [this](front::LoggedIn who, std::unique_ptr<io::Connection> stream) {
                                                  return serve_pop3(around, std::move(who), std::move(stream));
                                                });
      loop.spawn(door->serve());
      const io::CertificateFiles files[] = {{folder / "mail.pem", folder / "mail.key"}};
      surroundings = std::make_shared<const front::Surroundings>(front::Surroundings{
          loop, kind, logins, store, telemetry::discarding_log(), "mail.example", login_time, *io::TlsServerContext::load(files)});
    }
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    auto served = std::make_unique<io::Connection>(loop, io::Descriptor(pair[0]), io::SocketAddress{});
    loop.spawn(front::serve(surroundings, {std::move(served), *limit.enter(io::IpAddress{}), "pop3"}));
    return std::make_unique<io::Connection>(loop, io::Descriptor(pair[1]), io::SocketAddress{});
  }
};

// Sends, then reads until the answer ends with `until`, or to the end of the stream ("(closed)").
Task<std::string> say(io::Connection& client, std::string octets, std::string until) {
  auto writing = client.write(octets, client.loop().after(5s));
  (void)co_await std::move(writing);
  std::string said;
  while (until == "(closed)" || !said.ends_with(until)) {
    auto reading = client.read(client.loop().after(5s));
    const auto got = co_await std::move(reading);
    if (!got) co_return said + (got.error().kind == io::IoFailure::TimedOut ? "(timed out)" : "(closed)");
    said += *got;
  }
  co_return said;
}

#define SAY(client, octets, until)                  \
  auto HIKYAKU_JOIN(saying, __LINE__) = say(client, octets, until); \
  said = co_await std::move(HIKYAKU_JOIN(saying, __LINE__))

Task<void> read_and_delete(Rig& rig) {
  std::string said;
  auto client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS secret\r\nSTAT\r\n", "73\r\n");
  CHECK(said.starts_with("+OK mail.example POP3 ready\r\n+OK Send PASS\r\n"));
  CHECK(said.ends_with("+OK Logged in\r\n+OK 3 73\r\n"));
  SAY(*client, "RETR 1\r\n", "\r\n.\r\n");
  CHECK(said == "+OK 24 octets\r\nSubject: one\r\n\r\n..first\r\n.\r\n");
  SAY(*client, "UIDL\r\n", "\r\n.\r\n");
  CHECK(std::ranges::count(said, '\n') == 5);
  SAY(*client, "DELE 1\r\nDELE 3\r\nQUIT\r\n", "(closed)");
  CHECK(said == "+OK Marked\r\n+OK Marked\r\n+OK Bye\r\n(closed)");
  CHECK(rig.messages() == 1);
  // A session that just ends deletes nothing.
  client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS secret\r\nDELE 1\r\n", "Marked\r\n");
  client.reset();
  client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS secret\r\nSTAT\r\nQUIT\r\n", "(closed)");
  CHECK(said.contains("+OK 1 24\r\n"));
}

Task<void> under_tls(Rig& rig) {
  std::string said;
  auto client = rig.connect();
  SAY(*client, "STLS\r\n", "Begin TLS\r\n");
  const auto context = *io::TlsClientContext::make(rig.authority.file());
  auto starting = client->start_tls_client(context, "mail.example", io::PeerCheck::Name, {}, rig.loop.after(5s));
  const auto started = co_await std::move(starting);
  REQUIRE(started);
  SAY(*client, "CAPA\r\n", "\r\n.\r\n");
  CHECK(said.contains("\r\nSASL SCRAM-SHA-256 PLAIN\r\n"));
  CHECK(!said.contains("STLS"));
  SAY(*client, "AUTH SCRAM-SHA-256\r\n", "+ Zmlyc3Q=\r\n");
  SAY(*client, "d3Jvbmc=\r\n", "\r\n");
  CHECK(said == "-ERR [AUTH] Wrong name or password\r\n");
  SAY(*client, "AUTH SCRAM-SHA-256\r\n", "+ Zmlyc3Q=\r\n");
  SAY(*client, "eA==\r\n", "+ bGFzdA==\r\n");
  SAY(*client, "\r\nTOP 2 0\r\nQUIT\r\n", "(closed)");
  CHECK(said == "+OK Logged in\r\n+OK Top of message follows\r\nSubject: two\r\n\r\n.\r\n+OK Bye\r\n(closed)");
}

Task<void> refused(Rig& rig) {
  std::string said;
  auto client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS wrong\r\n", "password\r\n");
  CHECK(said.ends_with("-ERR [AUTH] Wrong name or password\r\n"));
  SAY(*client, "AUTH PLAIN AGFAYi5leGFtcGxlAHNlY3JldA==\r\n", "in\r\n");
  CHECK(said == "+OK Logged in\r\n");
  // One session is open and only one is allowed.
  auto second = rig.connect();
  SAY(*second, "USER a@b.example\r\nPASS secret\r\n", "(closed)");
  CHECK(said.ends_with("-ERR [SYS/TEMP] Too many sessions, try again later\r\n(closed)"));
  rig.logins.down = true;
  auto third = rig.connect();
  SAY(*third, "", "(closed)");
  CHECK(said.ends_with("-ERR [SYS/TEMP] Try again later\r\n(closed)"));
}

Task<void> unproven(Rig& rig) {
  std::string said;
  rig.vouching.good = "a ticket of another auth";
  auto client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS secret\r\n", "(closed)");
  CHECK(said.ends_with("-ERR [SYS/TEMP] Try again later\r\n(closed)"));
  rig.vouching.down = true;
  client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS secret\r\n", "(closed)");
  CHECK(said.ends_with("-ERR [SYS/TEMP] Try again later\r\n(closed)"));
  CHECK(rig.door->sessions() == 0);
}

// It waits for its client meanwhile, who says nothing.
Task<void> contained(Rig& rig) {
  std::string said;
  bool may = true;
  rig.around.may_read = [&may](AccountId account, WallTime) { return may || account != AccountId{7}; };
  rig.loop.spawn(watch_over(rig.around));
  auto client = rig.connect();
  SAY(*client, "USER a@b.example\r\nPASS secret\r\nDELE 1\r\n", "Marked\r\n");
  may = false;
  SAY(*client, "", "(closed)");
  CHECK(said == "(closed)");
  CHECK(rig.messages() == 3);
}

Task<void> silent(Rig& rig) {
  std::string said;
  auto client = rig.connect();
  SAY(*client, "", "(closed)");
  CHECK(said == "+OK mail.example POP3 ready\r\n(closed)");
}
}  // namespace

TEST_CASE("pop3: a client reads and deletes") {
  Rig rig;
  io::run_to_end(rig.loop, read_and_delete(rig));
}

TEST_CASE("pop3: STLS and SCRAM") {
  Rig rig;
  io::run_to_end(rig.loop, under_tls(rig));
}

TEST_CASE("pop3: wrong password, too many sessions, auth down") {
  Rig rig;
  rig.sessions_limit = 1;
  io::run_to_end(rig.loop, refused(rig));
}

TEST_CASE("pop3: a login that auth does not vouch for opens nothing, and the client is told to try again") {
  Rig rig;
  io::run_to_end(rig.loop, unproven(rig));
}

TEST_CASE("pop3: a client that does not log in is hung up on") {
  Rig rig;
  rig.login_time = 100ms;
  io::run_to_end(rig.loop, silent(rig));
}

TEST_CASE("pop3: a session whose account may not read any more is over, whatever its client does") {
  Rig rig;
  rig.around.idle = 60s;
  io::run_to_end(rig.loop, contained(rig));
}
