#include <doctest/doctest.h>

#include "protocol/milter/client.h"

using namespace hikyaku;
using namespace hikyaku::milter;

namespace {

std::string four(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}
std::string of_filter(char letter, std::string_view data = {}) { return four(static_cast<std::uint32_t>(data.size() + 1)) + letter + std::string(data); }
std::string text(std::string_view words) { return std::string(words) + '\0'; }
std::string terms(std::uint32_t actions, std::uint32_t steps, std::uint32_t version = 6) { return of_filter('O', four(version) + four(actions) + four(steps)); }

// A client that has negotiated.
Client ready_client(std::uint32_t actions = all_actions, std::uint32_t steps = 0, std::uint32_t version = 6) {
  Client client;
  client.negotiate();
  (void)client.take_output();
  client.receive(terms(actions, steps, version));
  REQUIRE(client.state() == Client::State::Ready);
  return client;
}

Client client_at_the_end(std::uint32_t actions = all_actions) {
  auto client = ready_client(actions, NoConnect | NoHello | NoMail | NoRecipient | NoHeaders | NoBody | NoEndOfHeader | NoData);
  client.mail({"<a@a.example>"}, {});
  client.end_of_body({});
  (void)client.take_output();
  REQUIRE(client.state() == Client::State::Waiting);
  return client;
}

}  // namespace

TEST_CASE("what a filter is told has the form that libmilter reads") {
  auto client = ready_client();
  client.connect({"mail.a.example", "192.0.2.7", 0x1234}, {{"j", "mx.b.example"}});
  CHECK(client.take_output() == of_filter('D', "C" + text("j") + text("mx.b.example")) + of_filter('C', text("mail.a.example") + "4\x12\x34" + text("192.0.2.7")));
  client.receive(of_filter('c'));
  client.hello("mail.a.example", {});
  CHECK(client.take_output() == of_filter('H', text("mail.a.example")));
  client.receive(of_filter('c'));
  client.mail({"<a@a.example>", "SIZE=100"}, {});
  CHECK(client.take_output() == of_filter('M', text("<a@a.example>") + text("SIZE=100")));
  client.receive(of_filter('c'));
  client.data({});
  CHECK(client.take_output() == of_filter('T'));
  client.receive(of_filter('c'));
  client.header("Subject", " hello\n\tthere");
  CHECK(client.take_output() == of_filter('L', text("Subject") + text("hello\n\tthere")));
  client.receive(of_filter('c'));
  client.body("text\r\n");
  CHECK(client.take_output() == of_filter('B', "text\r\n"));
  client.receive(of_filter('c'));
  client.abort();
  client.quit();
  CHECK(client.take_output() == of_filter('A') + of_filter('Q'));
  CHECK(connect_packet({"[IPv6:2001:db8::7]", "2001:db8::7", 25}) == of_filter('C', text("[IPv6:2001:db8::7]") + std::string("6\0\x19", 3) + text("2001:db8::7")));
  CHECK(connect_packet({"localhost", "", 0}) == of_filter('C', text("localhost") + "U"));
  CHECK(offer_packet(0x3f) == of_filter('O', four(6) + four(0x3f) + four(offered_steps)));
}

TEST_CASE("what a filter does not want is not said, and who does not answer is not waited for") {
  auto client = ready_client(0, NoConnect | SilentHello | NoBody | LeadingSpace);
  client.connect({"a", "", 0}, {});
  CHECK(client.state() == Client::State::Ready);
  CHECK(client.take_output().empty());
  client.hello("a", {});
  CHECK(client.state() == Client::State::Ready);
  CHECK_FALSE(client.take_output().empty());
  CHECK_FALSE(client.wants_body());
  client.header("X", "  y");
  CHECK(client.take_output() == of_filter('L', text("X") + text("  y")));

  auto old = ready_client(0x3f, 0, 3);
  old.data({});
  CHECK(old.take_output().empty());  // version 4 brought it
}

TEST_CASE("each answer") {
  struct Row {
    std::string packet;
    Answer::Kind kind;
    std::string reply;
  };
  const Row rows[] = {
      {of_filter('c'), Answer::Kind::Continue, ""},
      {of_filter('a'), Answer::Kind::Accept, ""},
      {of_filter('d'), Answer::Kind::Discard, ""},
      {of_filter('r'), Answer::Kind::Refuse, "550 5.7.1 The message was refused"},
      {of_filter('t'), Answer::Kind::Defer, "451 4.7.1 The message is not taken now, try again later"},
      {of_filter('4'), Answer::Kind::Defer, "421 4.7.0 The message is not taken now, try again later"},
      {of_filter('f'), Answer::Kind::Defer, "421 4.7.0 The message is not taken now, try again later"},
      {of_filter('y', text("554 5.7.9 Not here")), Answer::Kind::Refuse, "554 5.7.9 Not here"},
      {of_filter('y', text("450-4.7.1 One\r\n450 4.7.1 two")), Answer::Kind::Defer, "450 4.7.1 One two"},
      {of_filter('y', text("550 plain")), Answer::Kind::Refuse, "550 5.7.1 plain"},
      {of_filter('y', "550"), Answer::Kind::Refuse, "550 5.7.1 "},
      {of_filter('p') + of_filter('p') + of_filter('a'), Answer::Kind::Accept, ""},
  };
  for (const auto& row : rows) {
    auto client = ready_client();
    client.mail({"<>"}, {});
    client.receive(row.packet);
    CHECK(client.state() == Client::State::Ready);
    CHECK(client.answer().kind == row.kind);
    if (client.answer().reply.code != 0) CHECK(client.answer().reply.line() == row.reply);
    else CHECK(row.reply.empty());
  }
}

TEST_CASE("who babbles has failed") {
  const std::string rows[] = {
      of_filter('z'), of_filter('s'), of_filter('h', text("X") + text("y")), of_filter('O', four(6) + four(0) + four(0)), of_filter('c') + of_filter('c'),
      of_filter('y', text("250 fine")), of_filter('y', text("55")), of_filter('y', text("550x")), of_filter('y', text("")), of_filter('y', text("550 a\r\n450 b")),
      four(0), four(most_packet_octets + 1), "HTTP/1.1 400 Bad Request\r\n\r\n", of_filter('b', "body"),
  };
  for (const auto& row : rows) {
    auto client = ready_client();
    client.mail({"<>"}, {});
    client.receive(row);
    CHECK(client.state() == Client::State::Failed);
    CHECK_FALSE(client.why().empty());
  }
  const std::string bad_terms[] = {of_filter('c'), of_filter('O', four(6)), terms(0, 0, 7), terms(0, 0, 1), terms(0x100, 0), terms(0, 0x80000000), of_filter('p')};
  for (const auto& row : bad_terms) {
    Client client;
    client.negotiate();
    client.receive(row);
    CHECK(client.state() == Client::State::Failed);
  }
  Client strict(AddHeaders);
  strict.negotiate();
  strict.receive(terms(AddHeaders | ChangeBody, 0));
  CHECK(strict.why() == "it wants to change what it may not");
}

TEST_CASE("changes come at the end, and only those that were negotiated") {
  auto client = client_at_the_end();
  const auto all = of_filter('h', text("X-A") + text("1")) + of_filter('i', four(1) + text("X-B") + text("2")) + of_filter('m', four(2) + text("Subject") + text("")) + of_filter('+', text("<c@c.example>")) +
                   of_filter('2', text("<d@d.example>") + text("NOTIFY=NEVER")) + of_filter('-', text("<b@b.example>")) + of_filter('e', text("<new@a.example>")) + of_filter('q', text("looks odd")) +
                   of_filter('b', "new ") + of_filter('p') + of_filter('b', "body\r\n");
  for (const char octet : all) client.receive(std::string_view(&octet, 1));
  REQUIRE(client.state() == Client::State::Waiting);
  CHECK(client.signs_of_life() == 1);
  CHECK(client.take_body() == "new body\r\n");
  client.receive(of_filter('c'));
  REQUIRE(client.state() == Client::State::Ready);
  const auto& changes = client.changes();
  REQUIRE(changes.headers.size() == 3);
  CHECK(std::get<AddHeader>(changes.headers[0]).value == " 1");
  CHECK(std::get<InsertHeader>(changes.headers[1]).place == 1);
  CHECK(std::get<ChangeHeader>(changes.headers[2]).which == 2);
  CHECK(changes.added_recipients == std::vector<std::string>{"<c@c.example>", "<d@d.example>"});
  CHECK(changes.deleted_recipients == std::vector<std::string>{"<b@b.example>"});
  CHECK(changes.sender == "<new@a.example>");
  CHECK(changes.quarantine == "looks odd");
  CHECK(changes.body);

  const std::string refused[] = {
      of_filter('h', text("X Y") + text("1")), of_filter('h', text("X:") + text("1")), of_filter('h', text("") + text("1")), of_filter('h', text("X")), of_filter('i', "abc"), of_filter('m', four(1) + "X"),
      of_filter('+', "no end"), of_filter('q'), of_filter('e', ""),
  };
  for (const auto& row : refused) {
    auto other = client_at_the_end();
    other.receive(row);
    CHECK(other.state() == Client::State::Failed);
  }
  const std::pair<std::uint32_t, std::string> not_negotiated[] = {
      {ChangeHeaders, of_filter('h', text("X") + text("1"))}, {AddHeaders, of_filter('m', four(1) + text("X") + text("1"))}, {AddHeaders, of_filter('b', "x")}, {AddRecipients, of_filter('-', text("<a@b>"))},
      {DeleteRecipients, of_filter('+', text("<a@b>"))},      {AddHeaders, of_filter('q', text("x"))},                       {AddHeaders, of_filter('e', text("<>"))},
  };
  for (const auto& [actions, packet] : not_negotiated) {
    auto other = client_at_the_end(actions);
    other.receive(packet);
    CHECK(other.state() == Client::State::Failed);
  }
}

TEST_CASE("what is kept of a filter that never ends is bounded") {
  auto many = client_at_the_end();
  for (std::size_t i = 0; i <= Client::most_changes; ++i) many.receive(of_filter('h', text("X") + text("y")));
  CHECK(many.why() == "it wants more changes than a message has");
  auto large = client_at_the_end();
  for (int i = 0; i < 20; ++i) large.receive(of_filter('h', text("X") + text(std::string(60'000, 'y'))));
  CHECK(large.state() == Client::State::Failed);
  Client body(all_actions, 100'000);
  body.negotiate();
  body.receive(terms(all_actions, NoMail));
  body.end_of_body({});
  body.receive(of_filter('b', std::string(65'000, 'x')));
  CHECK(body.state() == Client::State::Waiting);
  body.receive(of_filter('b', std::string(65'000, 'x')));
  CHECK(body.why() == "it sent a body that is too large");
}

TEST_CASE("a filter that has seen enough of the body is spared the rest, until the next message") {
  auto client = ready_client(0, MaySkip);
  client.mail({"<>"}, {});
  client.receive(of_filter('c'));
  client.body("one");
  client.receive(of_filter('s'));
  (void)client.take_output();
  CHECK_FALSE(client.wants_body());
  client.body("two");
  CHECK(client.take_output().empty());
  CHECK(client.state() == Client::State::Ready);
  client.end_of_body({});
  client.receive(of_filter('a'));
  client.mail({"<>"}, {});
  CHECK(client.wants_body());
}
