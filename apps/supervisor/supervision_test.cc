// The supervisor's decisions: starts, crashes, back-off, limits, orders.
#include "apps/supervisor/supervision.h"

#include <doctest/doctest.h>

#include "apps/supervisor/service_table.h"

namespace hikyaku::apps {
namespace {

using Kind = Action::Kind;
using Actions = std::vector<Action>;

Instant at(Duration offset) { return Instant{} + 1000s + offset; }

Supervision running() {
  Supervision it({"receive"});
  it.want("receive", true);
  CHECK(it.act(at(0s)) == Actions{{Kind::Start, "receive"}});
  it.started("receive", 7, at(0s));
  it.ready("receive", at(1s));
  return it;
}

TEST_CASE("a wanted process is started once") {
  auto it = running();
  CHECK(it.one("receive").state == ProcessState::Up);
  CHECK(it.one("receive").pid == 7);
  CHECK(it.act(at(2s)).empty());
  CHECK(it.next_look() == Instant::max());
}

TEST_CASE("an order stops it with its listeners, and it stays down") {
  auto it = running();
  it.want("receive", false);
  CHECK(it.act(at(2s)) == Actions{{Kind::Stop, "receive"}});
  CHECK(it.act(at(3s)).empty());
  it.ended("receive", "exit 0", at(4s));
  CHECK(it.one("receive").state == ProcessState::Down);
  CHECK(it.act(at(400s)).empty());
  CHECK(it.one("receive").restarts == 0);
}

TEST_CASE("a crash is mended at once, further ones ever later, until it has proven itself") {
  auto it = running();
  Instant now = at(20s);
  it.ended("receive", "signal 9", now);
  CHECK(it.act(now) == Actions{{Kind::Start, "receive"}});
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
    it.started("receive", 8, now);
    it.ready("receive", now);
    it.ended("receive", "signal 11", now);
    CHECK(it.act(now).empty());
    CHECK(it.act(now + wait - 1ms).empty());
    CHECK(it.next_look() == now + wait);
    now += wait;
    CHECK(it.act(now) == Actions{{Kind::Start, "receive"}});
  }
  it.started("receive", 9, now);
  it.ready("receive", now);
  it.ended("receive", "signal 11", now + 10s);
  CHECK(it.act(now + 10s) == Actions{{Kind::Start, "receive"}});
  CHECK(it.one("receive").last_problem == "signal 11");
}

TEST_CASE("a process that exits with success without an order counts as crashed") {
  auto it = running();
  it.ended("receive", "exit 0", at(20s));
  CHECK(it.one("receive").state == ProcessState::Waiting);
}

TEST_CASE("a start that fails is repeated with growing waits") {
  Supervision it({"receive"});
  it.want("receive", true);
  CHECK(it.act(at(0s)).size() == 1);
  it.not_started("receive", "port in use", at(0s));
  CHECK(it.act(at(0s)).size() == 1);
  it.not_started("receive", "port in use", at(0s));
  CHECK(it.act(at(0s)).empty());
  CHECK(it.act(at(1s)).size() == 1);
}

TEST_CASE("an order during the wait ends it and closes the listeners") {
  auto it = running();
  it.ended("receive", "signal 9", at(2s));
  it.want("receive", false);
  CHECK(it.act(at(2s)) == Actions{{Kind::Stop, "receive"}});
  CHECK(it.one("receive").state == ProcessState::Down);
  CHECK(it.act(at(100s)).empty());
}

TEST_CASE("an order to start, or to start again, ends the wait after crashes") {
  for (const bool again : {false, true}) {
    auto it = running();
    for (int i = 0; i < 8; ++i) it.ended("receive", "the settings are wrong", at(2s)), it.started("receive", 8, at(2s));
    it.ended("receive", "the settings are wrong", at(3s));
    CHECK(it.act(at(4s)).empty());
    if (again) it.want_restart("receive");
    else it.want("receive", true);
    CHECK(it.act(at(4s)) == Actions{{Kind::Start, "receive"}});
    it.started("receive", 9, at(4s));
    it.ready("receive", at(5s));
    CHECK_MESSAGE(it.act(at(5s)).empty(), "once is enough");
    CHECK(it.one("receive").state == ProcessState::Up);
  }
}

TEST_CASE("a restart keeps the listeners") {
  auto it = running();
  it.want_restart("receive");
  CHECK(it.act(at(2s)) == Actions{{Kind::StopForSuccessor, "receive"}});
  it.ended("receive", "exit 0", at(3s));
  CHECK(it.act(at(3s)) == Actions{{Kind::Start, "receive"}});
  it.started("receive", 8, at(3s));
  it.ready("receive", at(3s));
  CHECK(it.act(at(4s)).empty());
}

TEST_CASE("an order during a restart wins") {
  auto it = running();
  it.want_restart("receive");
  CHECK(it.act(at(2s)).size() == 1);
  it.want("receive", false);
  it.ended("receive", "exit 0", at(3s));
  CHECK(it.act(at(3s)).empty());
}

TEST_CASE("what does not stop or get ready in time is killed") {
  auto it = running();
  it.want("receive", false);
  CHECK(it.act(at(2s)).size() == 1);
  CHECK(it.act(at(26s)).empty());
  CHECK(it.act(at(27s)) == Actions{{Kind::Kill, "receive"}});
  CHECK(it.act(at(28s)).empty());

  Supervision slow({"receive"});
  slow.want("receive", true);
  CHECK(slow.act(at(0s)).size() == 1);
  slow.started("receive", 7, at(0s));
  CHECK(slow.next_look() == at(60s));
  CHECK(slow.act(at(60s)) == Actions{{Kind::Kill, "receive"}});
  slow.ended("receive", "signal 9", at(61s));
  CHECK(slow.one("receive").state == ProcessState::Waiting);
}

TEST_CASE("a service started again after an order begins a new row of crashes") {
  auto it = running();
  for (int i = 0; i < 5; ++i) it.ended("receive", "x", at(2s)), it.started("receive", 8, at(2s));
  it.want("receive", false);
  CHECK(it.act(at(3s)).size() == 1);
  it.ended("receive", "exit 0", at(3s));
  it.want("receive", true);
  CHECK(it.act(at(3s)).size() == 1);
  CHECK(it.one("receive").crashes_in_row == 0);
}

TEST_CASE("services are known by E-Post's names") {
  struct Row { const char* name; const char* service; };
  for (const auto& row : {Row{"EPSTRS", "receive"}, {"epstrd", "receive"}, {"Epstds", "deliver"}, {"EPSTDS", "deliver"}, {"epstdd", "deliver"},
                          {"EPSTPOP3S", "pop3"}, {"epstpop3d", "pop3"}, {"EPSTIMAP4", "imap"}, {"epstimap4d", "imap"}, {"VMCS", "virusdb"},
                          {"ipwcs", "vip"}, {"IMAP", "imap"}, {"imap-front", nullptr}, {"", nullptr}}) {
    const auto* found = find_service(row.name);
    if (row.service == nullptr) CHECK_MESSAGE(found == nullptr, row.name);
    else CHECK_MESSAGE((found && found->name == row.service), row.name);
  }
}

TEST_CASE("a service without a port is not configured; one without listeners always is") {
  const auto settings = settings::preset_settings();
  CHECK(is_configured(*find_service("imap"), *settings));
  settings->listen.imap.set({}), settings->listen.imaps.set({});
  CHECK_FALSE(is_configured(*find_service("imap"), *settings));
  CHECK(is_configured(*find_service("deliver"), *settings));
  CHECK_FALSE(is_configured(*find_service("console"), *settings));
}

}  // namespace
}  // namespace hikyaku::apps
