#include "io/connection.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <fstream>
#include <iterator>

#include "io/test_certificate.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

struct Ends {
  std::unique_ptr<Connection> server, client;
  explicit Ends(Loop& loop) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    server = std::make_unique<Connection>(loop, Descriptor(fds[0]), SocketAddress{});
    client = std::make_unique<Connection>(loop, Descriptor(fds[1]), SocketAddress{});
  }
};

// Reads until `octets` came or the stream failed.
Task<void> gather(Connection& from, std::size_t octets, std::string& into, IoFailure& end) {
  while (into.size() < octets) {
    auto reading = from.read(from.loop().after(5s));
    const auto got = co_await std::move(reading);
    if (!got) {
      end = got.error().kind;
      co_return;
    }
    into += *got;
  }
}

Task<void> send_all(Connection& to, std::string octets, bool& sent) {
  auto writing = to.write(octets, to.loop().after(10s));
  const auto result = co_await std::move(writing);
  sent = result.has_value();
}

// Repeats with a prime period, so that a lost or repeated block of any usual size shows.
std::string pattern(std::size_t octets) {
  std::string block(4093, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 31 + i / 251);
  std::string text;
  while (text.size() < octets) text += block;
  text.resize(octets);
  return text;
}

Task<void> exchange_large(Loop& loop, Ends& ends) {
  // Both ways at once: each side is read by one coroutine and written by another.
  const std::string up = pattern(3'000'000), down = pattern(2'000'001);
  std::string got_up, got_down;
  IoFailure end{};
  bool sent_up = false, sent_down = false;
  loop.spawn(send_all(*ends.client, up, sent_up));
  loop.spawn(send_all(*ends.server, down, sent_down));
  loop.spawn(gather(*ends.client, down.size(), got_down, end));
  auto gathering = gather(*ends.server, up.size(), got_up, end);
  co_await std::move(gathering);
  for (int i = 0; i < 1000 && !(sent_up && sent_down && got_down.size() == down.size()); ++i)
    co_await loop.sleep_until(loop.after(5ms));
  CHECK(sent_up);
  CHECK(sent_down);
  CHECK(got_up == up);
  CHECK(got_down == down);
}

Task<void> read_result(Connection& from, Duration wait, IoResult<std::string>& result) {
  auto reading = from.read(from.loop().after(wait));
  const auto got = co_await std::move(reading);
  if (got)
    result = std::string(*got);
  else
    result = failure(got.error());
}

Task<void> ends_of_reading(Loop& loop, Ends& ends) {
  IoResult<std::string> result;
  auto timed = read_result(*ends.server, 5ms, result);
  co_await std::move(timed);
  CHECK(result.error().kind == IoFailure::TimedOut);

  ends.server->interrupt();  // before the read: it is not lost
  auto interrupted = read_result(*ends.server, 5s, result);
  co_await std::move(interrupted);
  CHECK(result.error().kind == IoFailure::Interrupted);

  loop.spawn(read_result(*ends.server, 5s, result));
  co_await loop.sleep_until(loop.after(5ms));
  ends.server->interrupt();
  co_await loop.sleep_until(loop.after(5ms));
  CHECK(result.error().kind == IoFailure::Interrupted);

  bool sent = false;
  auto sending = send_all(*ends.client, "hello", sent);
  co_await std::move(sending);
  auto reading = read_result(*ends.server, 5s, result);
  co_await std::move(reading);
  CHECK(result == "hello");

  loop.spawn(read_result(*ends.server, 5s, result));
  co_await loop.sleep_until(loop.after(5ms));
  ends.client->abort();
  co_await loop.sleep_until(loop.after(5ms));
  REQUIRE(!result);
  CHECK(result.error().kind == IoFailure::Closed);
  auto writing = ends.server->write("x", loop.after(1s));
  const auto broken = co_await std::move(writing);
  CHECK(broken.error().kind == IoFailure::Reset);
}

Task<void> own_abort_ends_a_read(Loop& loop, Ends& ends) {
  IoResult<std::string> result;
  loop.spawn(read_result(*ends.server, 5s, result));
  co_await loop.sleep_until(loop.after(5ms));
  ends.server->abort();
  co_await loop.sleep_until(loop.after(5ms));
  CHECK(result.error().kind == IoFailure::Closed);
  CHECK(!ends.server->open());
}

Task<void> write_to_nobody(Loop& loop, Ends& ends) {
  const std::string much(4 << 20, 'x');
  auto writing = ends.server->write(much, loop.after(20ms));
  const auto result = co_await std::move(writing);
  REQUIRE(!result);
  CHECK(result.error().kind == IoFailure::TimedOut);
}

Task<void> say_last_words(Loop& loop, Ends& ends) {
  // The client keeps sending while the server says its last words and closes: the words must arrive.
  bool sent = false;
  loop.spawn(send_all(*ends.client, std::string(600'000, 'x'), sent));
  auto words = ends.server->write("421 closing\r\n", loop.after(1s));
  (void)co_await std::move(words);
  auto closing = ends.server->close(loop.after(200ms));
  co_await std::move(closing);
  CHECK(!ends.server->open());
  std::string got;
  IoFailure end{};
  auto gathering = gather(*ends.client, 100, got, end);
  co_await std::move(gathering);
  CHECK(got == "421 closing\r\n");
  CHECK(end == IoFailure::Closed);
  CHECK(sent);
}

struct Tls {
  TestFolder folder;
  TestAuthority authority{folder.path()};
  std::shared_ptr<const TlsServerContext> server;
  std::shared_ptr<const TlsClientContext> client;
  Tls() {
    authority.issue("mail", "DNS:mail.example");
    authority.issue("other", "DNS:other.example,DNS:*.wild.example");
    authority.issue("mail-rsa", "DNS:mail.example", TestKey::Rsa);
    const CertificateFiles files[] = {pair("mail"), pair("other"), pair("mail-rsa")};
    server = *TlsServerContext::load(files);
    client = *TlsClientContext::make(authority.file());
  }
  CertificateFiles pair(const std::string& name) const { return {folder / (name + ".pem"), folder / (name + ".key")}; }
};

Task<void> serve_tls(Tls& tls, Connection& server, IoResult<>& result) {
  auto starting = server.start_tls_server(tls.server, {}, server.loop().after(5s));
  result = co_await std::move(starting);
}

Task<void> shake(Loop& loop, Tls& tls, Ends& ends, std::string name, PeerCheck peer_check, IoResult<>& server,
                 IoResult<>& client) {
  server = failure(IoError{IoFailure::TimedOut, "not ended"});
  loop.spawn(serve_tls(tls, *ends.server, server));
  auto starting = ends.client->start_tls_client(tls.client, name, peer_check, {}, loop.after(5s));
  client = co_await std::move(starting);
  if (!client) ends.client->abort();
  for (int i = 0; i < 200 && !server && server.error().what == "not ended"; ++i)
    co_await loop.sleep_until(loop.after(5ms));
}

Task<void> talk_tls(Loop& loop, Tls& tls, Ends& ends) {
  IoResult<> server, client;
  auto shaking = shake(loop, tls, ends, "mail.example", PeerCheck::Name, server, client);
  co_await std::move(shaking);
  REQUIRE(server);
  REQUIRE(client);
  CHECK(ends.server->tls_details()->server_name == "mail.example");
  CHECK(ends.server->tls_details()->version == "TLSv1.3");
  CHECK(ends.client->tls_details()->peer_verified);
  REQUIRE(ends.server->tls_exporter());
  CHECK(ends.server->tls_exporter()->size() == 32);
  CHECK(ends.server->tls_exporter() == ends.client->tls_exporter());
  auto exchanging = exchange_large(loop, ends);
  co_await std::move(exchanging);
  auto closing = ends.server->close(loop.after(50ms));
  co_await std::move(closing);
  IoResult<std::string> result;
  auto reading = read_result(*ends.client, 1s, result);
  co_await std::move(reading);
  CHECK(result.error().kind == IoFailure::Closed);
}

Task<void> names_and_checks(Loop& loop, Tls& tls) {
  struct Row {
    const char* name;
    PeerCheck peer_check;
    bool works;
  };
  for (const auto& [name, peer_check, works] :
       {Row{"mail.example", PeerCheck::Name, true}, Row{"other.example", PeerCheck::Name, true},
        Row{"a.wild.example", PeerCheck::Name, true}, Row{"wild.example", PeerCheck::Name, false},
        Row{"a.b.wild.example", PeerCheck::Name, false}, Row{"unknown.example", PeerCheck::Name, false},
        Row{"192.0.2.1", PeerCheck::Name, false}, Row{"", PeerCheck::Name, false},
        Row{"unknown.example", PeerCheck::None, true}, Row{"", PeerCheck::None, true},
        Row{"192.0.2.1", PeerCheck::None, true}}) {
    Ends ends(loop);
    IoResult<> server, client;
    auto shaking = shake(loop, tls, ends, name, peer_check, server, client);
    co_await std::move(shaking);
    CHECK_MESSAGE(client.has_value() == works, name);
    if (!client) CHECK(client.error().kind == IoFailure::Tls);
    CHECK((server.has_value() || !works));
  }
}

// What a handshake that nobody stops for its certificate tells of it.
Task<void> verdicts(Loop& loop, Tls& tls) {
  struct Row {
    const char* name;
    PeerCheck peer_check;
    TlsVerdict verdict;
  };
  for (const auto& [name, peer_check, verdict] :
       {Row{"mail.example", PeerCheck::NameNoted, TlsVerdict::Good}, Row{"mail.example", PeerCheck::Name, TlsVerdict::Good},
        Row{"unknown.example", PeerCheck::NameNoted, TlsVerdict::WrongName}, Row{"mail.example", PeerCheck::None, TlsVerdict::NotChecked}}) {
    Ends ends(loop);
    IoResult<> server, client;
    auto shaking = shake(loop, tls, ends, name, peer_check, server, client);
    co_await std::move(shaking);
    REQUIRE(client);
    CHECK_MESSAGE(ends.client->tls_verdict() == verdict, name);
  }
}

Task<void> no_tls_at_all(Loop& loop, Tls& tls, Ends& ends) {
  auto refusing = ends.server->start_tls_server(tls.server, "MAIL FROM:<>\r\n", loop.after(10s));
  const auto injected = co_await std::move(refusing);
  CHECK(injected.error().kind == IoFailure::Tls);
  bool sent = false;
  auto sending = send_all(*ends.client, "EHLO plain text where a ClientHello belongs\r\n", sent);
  co_await std::move(sending);
  auto starting = ends.server->start_tls_server(tls.server, {}, loop.after(10s));
  const auto garbage = co_await std::move(starting);
  CHECK(garbage.error().kind == IoFailure::Tls);
}

Task<void> silence_in_handshake(Loop& loop, Tls& tls, Ends& ends) {
  auto starting = ends.server->start_tls_server(tls.server, {}, loop.after(10ms));
  const auto result = co_await std::move(starting);
  CHECK(result.error().kind == IoFailure::TimedOut);
}

Task<void> cut_inside_tls(Loop& loop, Tls& tls, Ends& ends) {
  IoResult<> server, client;
  auto shaking = shake(loop, tls, ends, "", PeerCheck::None, server, client);
  co_await std::move(shaking);
  REQUIRE(server);
  ends.client->abort();  // no close_notify: somebody may have cut the stream short
  IoResult<std::string> result;
  auto reading = read_result(*ends.server, 1s, result);
  co_await std::move(reading);
  CHECK(result.error().kind == IoFailure::Reset);
}

}  // namespace

TEST_CASE("connection: large data both ways at once arrives whole") {
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, exchange_large(loop, ends));
}

TEST_CASE("connection: a read ends by time, by interrupt (early or late), by data and by the peer's end") {
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, ends_of_reading(loop, ends));
}

TEST_CASE("connection: abort by another coroutine ends a read") {
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, own_abort_ends_a_read(loop, ends));
}

TEST_CASE("connection: a write that nobody reads ends at its deadline") {
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, write_to_nobody(loop, ends));
}

TEST_CASE("connection: close lingers, so that the last words arrive") {
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, say_last_words(loop, ends));
}

TEST_CASE("connection: stopping the loop ends reads with Cancelled") {
  Loop loop;
  Ends ends(loop);
  IoResult<std::string> result;
  loop.spawn(read_result(*ends.server, 5s, result));
  loop.post([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  CHECK(result.error().kind == IoFailure::Cancelled);
}

TEST_CASE("tls: handshake, names, channel binding, large data both ways, orderly end") {
  Tls tls;
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, talk_tls(loop, tls, ends));
}

TEST_CASE("tls: the certificate follows the name asked for, and a client that checks refuses a wrong one") {
  Tls tls;
  Loop loop;
  run_to_end(loop, names_and_checks(loop, tls));
}

TEST_CASE("tls: a client that only notes the certificate goes on, and knows what is wrong with it") {
  Loop loop;
  Tls tls;
  run_to_end(loop, verdicts(loop, tls));
}

TEST_CASE("tls: an unknown authority is refused by a client that checks") {
  Tls tls;
  tls.client = *TlsClientContext::make();
  Loop loop;
  Ends ends(loop);
  IoResult<> server, client;
  run_to_end(loop, shake(loop, tls, ends, "mail.example", PeerCheck::Name, server, client));
  REQUIRE(!client);
  CHECK(client.error().what.contains("certificate"));
}

TEST_CASE("tls: plain octets before or instead of the handshake are refused") {
  Tls tls;
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, no_tls_at_all(loop, tls, ends));
}

TEST_CASE("tls: a silent client is left at the deadline") {
  Tls tls;
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, silence_in_handshake(loop, tls, ends));
}

TEST_CASE("tls: an end without close_notify is a reset, not an orderly end") {
  Tls tls;
  Loop loop;
  Ends ends(loop);
  run_to_end(loop, cut_inside_tls(loop, tls, ends));
}

TEST_CASE("tls context: errors name the file and the remedy") {
  Tls tls;
  std::ofstream(tls.folder / "garbage.pem") << "not a certificate\n";
  const auto problem = [](std::vector<CertificateFiles> files) {
    const auto result = TlsServerContext::load(files);
    REQUIRE(!result);
    return result.error().what;
  };
  CHECK(problem({}).contains("Remedy"));
  const std::string missing = problem({{tls.folder / "missing.pem", tls.folder / "mail.key"}});
  CHECK(missing.contains(tls.folder / "missing.pem: No such file"));
  CHECK(missing.contains("Remedy"));
  CHECK(problem({{tls.folder / "garbage.pem", tls.folder / "mail.key"}}).contains("garbage.pem"));
  CHECK(problem({{tls.folder / "mail.pem", tls.folder / "missing.key"}}).contains("missing.key"));
  CHECK(problem({{tls.folder / "mail.pem", tls.folder / "other.key"}}).contains("other.key"));
  CHECK(!TlsClientContext::make(tls.folder / "missing.pem"));
}

TEST_CASE("tls: certificates from texts, for a service that may open no file") {
  Tls tls;
  const auto text = [&](const char* name) {
    std::ifstream file(tls.folder / name);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  CHECK(TlsServerContext::from_pem(text("mail.pem") + text("ca.pem"), text("mail.key")));
  CHECK(!TlsServerContext::from_pem(text("mail.pem"), text("other.key")));
  CHECK(!TlsServerContext::from_pem(text("mail.pem"), ""));
  CHECK(!TlsServerContext::from_pem("", text("mail.key")));
  CHECK(!TlsServerContext::from_pem("garbage", text("mail.key")));
}

TEST_CASE("tls source: a reload serves the new files; a failed one keeps the old context") {
  Tls tls;
  auto source = *TlsServerSource::open({tls.pair("mail")});
  const auto first = source->current();
  REQUIRE(source->reload());
  CHECK(source->current() != first);
  const auto second = source->current();
  std::ofstream(tls.folder / "mail.key") << "spoiled\n";
  CHECK(!source->reload());
  CHECK(source->current() == second);
}
