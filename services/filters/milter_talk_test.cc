#include <doctest/doctest.h>

#include <map>

#include "io/listener.h"
#include "io/test_folder.h"
#include "io/test_loop.h"
#include "services/filters/milter.h"

using namespace hikyaku;
using namespace hikyaku::filters;

namespace {

std::string four(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}
std::string packet(char letter, std::string_view data = {}) { return four(static_cast<std::uint32_t>(data.size() + 1)) + letter + std::string(data); }
std::string text(std::string_view words) { return std::string(words) + '\0'; }

// A milter of the test's own: answers each command as told ("c" unless told), and keeps what it heard.
struct Daemon {
  std::map<char, std::string> answers;
  std::uint32_t steps = 0;
  char silent_at = 0, hangs_up_at = 0;
  std::string heard;  // the letters
  std::string body;
  std::vector<std::string> fields;
  std::size_t connections = 0;
  Duration takes{};  // to answer
  std::size_t busy = 0, most_busy = 0;  // commands that are being answered
};

Task<void> serve(io::Loop& loop, io::Accepted accepted, Daemon& daemon) {
  io::Connection peer(loop, std::move(accepted.socket), accepted.peer);
  ++daemon.connections;
  milter::PacketReader packets;
  for (;;) {
    auto reading = peer.read(Instant::max());
    const auto got = co_await std::move(reading);
    if (!got) co_return;
    packets.receive(*got);
    for (auto next = packets.next(); next && *next; next = packets.next()) {
      const char letter = (*next)->letter;
      if (letter != 'D') daemon.heard += letter;
      if (letter == 'B') daemon.body += (*next)->data;
      if (letter == 'L') daemon.fields.emplace_back((*next)->data);
      if (letter == daemon.hangs_up_at) co_return;
      if (letter == daemon.silent_at || letter == 'D' || letter == 'Q' || letter == 'A') continue;
      if (letter == 'L' && (daemon.steps & milter::SilentHeader) != 0) continue;
      std::string answer = letter == 'O' ? packet('O', four(6) + four(0xff) + four(daemon.steps)) : packet('c');
      if (const auto told = daemon.answers.find(letter); told != daemon.answers.end()) answer = told->second;
      daemon.most_busy = std::max(daemon.most_busy, ++daemon.busy);
      if (daemon.takes > Duration{}) co_await loop.sleep_until(loop.after(daemon.takes));
      --daemon.busy;
      auto writing = peer.write(answer, Instant::max());
      const auto written = co_await std::move(writing);
      if (!written) co_return;
    }
  }
}

Task<void> listen(io::Loop& loop, io::Listener& listener, Daemon& daemon) {
  for (;;) {
    auto accepting = listener.accept();
    auto accepted = co_await std::move(accepting);
    if (!accepted) co_return;
    loop.spawn(serve(loop, std::move(*accepted), daemon));
  }
}

class Pieces final : public scanning::Text {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::string_view, std::string>> next() override {
    if (at_ == pieces_.size()) co_return std::string_view{};
    if (pieces_[at_] == "unreadable") co_return failure(std::string("the disk is broken"));
    co_return std::string_view(pieces_[at_++]);
  }

 private:
  const std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

class Body final : public BodySink {
 public:
  std::string text;
  Task<bool> take(std::string piece) override {
    text += piece;
    co_return true;
  }
};

struct World {
  io::TestFolder folder;
  io::Loop loop;
  Daemon daemon;
  settings::FilterRow row{.name = "test", .socket = folder.path() + "/milter", .timeout = settings::Seconds{1}, .total = settings::Seconds{3}};
  io::Listener listener{loop, *io::listen_on(io::SocketAddress::unix_path(row.socket))};
  Asked asked{loop};
  AskTerms terms{.rest = 10s, .at_once = 2};
  Body body;
  milter::Changes changes;
  World() { loop.spawn(listen(loop, listener, daemon)); }
};

Task<void> ask(World& world, std::vector<std::string> pieces, Heard& into) {
  MilterTalk talk(world.loop, world.row, world.asked, world.terms, 1 << 20);
  auto beginning = talk.begin({{"[192.0.2.7]", "192.0.2.7", 25}, "a.example", {"<a@a.example>"}, {{"j", "mx"}}, {}, {}});
  into = co_await std::move(beginning);
  if (into.kind != Heard::Kind::Pass) co_return;
  auto telling = talk.recipient("<b@b.example>", {});
  into = co_await std::move(telling);
  if (into.kind != Heard::Kind::Pass) co_return;
  Pieces text(std::move(pieces));
  auto sending = talk.text(text, {{"i", "B1"}}, world.body);
  into = co_await std::move(sending);
  world.changes = talk.changes();
  auto finishing = talk.finish();
  co_await std::move(finishing);
}

const std::vector<std::string> mail{"Subject: hel", "lo\r\n there\r\nTo: b\r\n\r", "\nHow are", " you?\r\n"};

Heard heard_of(World& world, std::vector<std::string> pieces = mail) {
  Heard heard;
  io::run_to_end(world.loop, ask(world, std::move(pieces), heard));
  return heard;
}

}  // namespace

TEST_CASE("a milter is told all of a message, in order") {
  World world;
  CHECK(heard_of(world).kind == Heard::Kind::Pass);
  CHECK(world.daemon.heard.starts_with("OCHMRTLLNBBE"));
  CHECK(world.daemon.body == "How are you?\r\n");
  CHECK(world.daemon.fields == std::vector<std::string>{text("Subject") + text("hello\n there"), text("To") + text("b")});
}

TEST_CASE("one that does not answer header fields gets them in one go, and what it leaves out is not sent") {
  World world;
  world.daemon.steps = milter::SilentHeader | milter::NoBody | milter::LeadingSpace;
  CHECK(heard_of(world).kind == Heard::Kind::Pass);
  CHECK(world.daemon.heard.starts_with("OCHMRTLLNE"));
  CHECK(world.daemon.fields[1] == text("To") + text(" b"));
}

TEST_CASE("what it says, wherever it says it") {
  struct Row {
    char at;
    std::string answer;
    Heard::Kind kind;
    std::string_view heard;
  };
  const Row rows[] = {
      {'C', packet('r'), Heard::Kind::Refuse, "OC"},
      {'H', packet('t'), Heard::Kind::Defer, "OCH"},
      {'M', packet('y', text("554 5.7.1 no")), Heard::Kind::Refuse, "OCHM"},
      {'M', packet('a'), Heard::Kind::Pass, "OCHM"},
      {'R', packet('y', text("450 4.7.1 later")), Heard::Kind::Defer, "OCHMR"},
      {'T', packet('r'), Heard::Kind::Refuse, "OCHMRT"},
      {'L', packet('r'), Heard::Kind::Refuse, "OCHMRTL"},
      {'L', packet('a'), Heard::Kind::Pass, "OCHMRTL"},
      {'N', packet('t'), Heard::Kind::Defer, "OCHMRTLLN"},
      {'B', packet('r'), Heard::Kind::Refuse, "OCHMRTLLNB"},
      {'B', packet('s'), Heard::Kind::Pass, "OCHMRTLLNBE"},
      {'E', packet('d'), Heard::Kind::Quarantine, "OCHMRTLLNBBE"},
      {'E', packet('q', text("odd")) + packet('c'), Heard::Kind::Quarantine, "OCHMRTLLNBBE"},
      {'E', packet('p') + packet('r'), Heard::Kind::Refuse, "OCHMRTLLNBBE"},
  };
  for (const auto& row : rows) {
    World world;
    world.daemon.answers[row.at] = row.answer;
    CHECK(heard_of(world).kind == row.kind);
    CHECK(world.daemon.heard.substr(0, world.daemon.heard.find('Q')) == row.heard);
  }
}

TEST_CASE("what it changes") {
  World world;
  world.daemon.answers['E'] = packet('h', text("X-A") + text("1")) + packet('b', "new body\r\n") + packet('+', text("<c@c.example>")) + packet('c');
  const auto heard = heard_of(world);
  CHECK(heard.kind == Heard::Kind::Pass);
  REQUIRE(heard.edits.size() == 1);
  CHECK(heard.edits[0].value == " 1");
  CHECK(world.body.text == "new body\r\n");
  CHECK(world.changes.added_recipients.size() == 1);
}

TEST_CASE("one that is away, hangs, hangs up or babbles is trouble, soon") {
  const auto trouble = [](auto prepare, std::vector<std::string> pieces = mail) {
    World world;
    prepare(world);
    const auto heard = heard_of(world, std::move(pieces));
    CHECK(heard.kind == Heard::Kind::Trouble);
    return heard.why;
  };
  CHECK(trouble([](World& world) { world.listener.close(); }) == "nobody listens there");
  for (const char at : std::string("OCHMRTLNBE")) {
    CHECK(trouble([&](World& world) { world.daemon.hangs_up_at = at; }) == "it closed the connection");
    CHECK(trouble([&](World& world) { world.daemon.answers[at] = packet('z'); }).find("it sent \"z\"") == 0);
  }
  CHECK(trouble([](World& world) { world.daemon.silent_at = 'O'; }) == "it did not answer in time");
  CHECK(trouble([](World& world) { world.daemon.silent_at = 'E'; }) == "it did not answer in time");
  CHECK(trouble([](World&) {}, {"Subject: a\r\n", "unreadable"}).find("the message cannot be read") == 0);
  CHECK(trouble([](World&) {}, {"X: " + std::string(2 << 20, 'x')}).find("the message's header is too long") == 0);
  CHECK(trouble([](World& world) { world.row.may_body = false; }) == "it wants to change what it may not");
}

namespace {
Task<void> ask_often(World& world, std::size_t times, std::vector<Heard>& into) {
  for (std::size_t i = 0; i < times; ++i) {
    auto asking = ask(world, mail, into.emplace_back());
    co_await std::move(asking);
  }
}
}  // namespace

TEST_CASE("who fails in a row is left alone for a while") {
  World world;
  world.daemon.hangs_up_at = 'E';
  std::vector<Heard> heard;
  heard.reserve(10);
  io::run_to_end(world.loop, ask_often(world, 6, heard));
  CHECK(world.daemon.connections == Breaker::failures_before_rest);
  CHECK(heard.back().kind == Heard::Kind::Trouble);
  CHECK(heard.back().why.find("not asked for a while") != std::string::npos);
}

namespace {

const MilterFacts facts{{"[192.0.2.7]", "192.0.2.7", 25}, "a.example", {"<a@a.example>"}, {{"j", "mx"}}, {}, {}};

// As at RCPT: a message that has recipients, each after the sender thought for a while, and no text yet. Then the sender leaves.
Task<void> ask_about_recipients(World& world, std::size_t recipients, Duration thinks, Heard& into, std::size_t& running) {
  MilterTalk talk(world.loop, world.row, world.asked, world.terms, 1 << 20);
  auto beginning = talk.begin(facts);
  into = co_await std::move(beginning);
  for (std::size_t i = 0; i < recipients && into.kind == Heard::Kind::Pass; ++i) {
    if (thinks > Duration{}) co_await world.loop.sleep_until(world.loop.after(thinks));
    auto telling = talk.recipient("<b@b.example>", {});
    into = co_await std::move(telling);
  }
  --running;
}

Task<void> ask_of_many(World& world, std::size_t messages, std::size_t recipients, Duration thinks, std::vector<Heard>& into) {
  into.assign(messages, {});
  std::size_t running = messages;
  for (auto& heard : into) world.loop.spawn(ask_about_recipients(world, recipients, thinks, heard, running));
  while (running > 0) co_await world.loop.sleep_until(world.loop.after(5ms));
}

std::vector<Heard> at_rcpt(World& world, std::size_t messages, std::size_t recipients, Duration thinks = {}) {
  std::vector<Heard> heard;
  io::run_to_end(world.loop, ask_of_many(world, messages, recipients, thinks, heard));
  return heard;
}

}  // namespace

TEST_CASE("what is asked at RCPT takes its turn too, and gives it back while the sender thinks") {
  World world;
  world.row.timeout = world.row.total = settings::Seconds{60};
  world.daemon.takes = 2ms;
  for (const auto& heard : at_rcpt(world, 8, 3, 5ms)) CHECK(heard.kind == Heard::Kind::Pass);
  CHECK(world.daemon.connections == 8);
  CHECK(world.daemon.most_busy <= world.terms.at_once);
  CHECK(world.asked.turns.running() == 0);
}

TEST_CASE("a milter has one time for a message, all calls together, and the sender's own is not counted") {
  World slow;
  slow.daemon.takes = 400ms;
  const auto heard = at_rcpt(slow, 1, 20);
  CHECK(heard[0].kind == Heard::Kind::Trouble);
  CHECK(heard[0].why == "it did not answer in time");
  World quick;
  CHECK(at_rcpt(quick, 1, 2, 1'700ms)[0].kind == Heard::Kind::Pass);
}

TEST_CASE("one that answered well until its sender left has not failed") {
  World world;
  for (unsigned i = 1; i < Breaker::failures_before_rest; ++i) world.asked.breaker.failed(world.loop.now(), 10s);
  CHECK(at_rcpt(world, 1, 1)[0].kind == Heard::Kind::Pass);
  world.asked.breaker.failed(world.loop.now(), 10s);
  CHECK_FALSE(world.asked.breaker.rests(world.loop.now()));

  World bad;
  for (unsigned i = 1; i < Breaker::failures_before_rest; ++i) bad.asked.breaker.failed(bad.loop.now(), 10s);
  bad.daemon.hangs_up_at = 'R';  // it has answered, and then failed
  CHECK(at_rcpt(bad, 1, 1)[0].kind == Heard::Kind::Trouble);
  CHECK(bad.asked.breaker.rests(bad.loop.now()));
}
