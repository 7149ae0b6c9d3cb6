#include "services/signing/take_over.h"

#include "io/test_loop.h"
#include "services/directory/test_directory.h"
#include "services/signing/published.h"

namespace hikyaku::signing {
namespace {

using directory::DkimStage;
using Answer = io::DnsAnswer<std::string>;

struct Rig : directory::DirectoryRig {
  io::Workers workers{2, 64};
  ManualClock clock;
  std::unique_ptr<directory::Reader> reader;
  std::unique_ptr<TakeOver> take_over;
  Answer answer{.outcome = io::DnsOutcome::NoSuchName};
  std::vector<std::string> asked;

  Rig() {
    domain("a.example");
    add("old", {}, "old key");
    REQUIRE(editor.activate_dkim_key("a.example", "old", WallTime{1s}));
  }
  void add(std::string selector, directory::TakesOver takes_over, std::string public_octets) {
    directory::DkimKey key{.domain = "a.example", .selector = std::move(selector), .takes_over = takes_over, .public_octets = std::move(public_octets)};
    REQUIRE(editor.add_dkim_key(std::move(key)));
  }
  directory::DkimKey key(std::string_view selector) {
    for (const auto& one : snapshot()->dkim_keys("a.example"))
      if (one.selector == selector) return one;
    FAIL("no such key");
    return {};
  }
  Task<Answer> txt(std::string name) {
    asked.push_back(std::move(name));
    co_return answer;
  }
  void look() {
    io::Loop loop({.longest_step = 10s});
    reader = std::make_unique<directory::Reader>(engine, nullptr, "deliver");
    take_over = std::make_unique<TakeOver>(TakeOver::Parts{.loop = loop, .workers = workers, .editor = editor, .directory = *reader, .log = telemetry::discarding_log(), .clock = clock,
                                                           .txt = [this](std::string name, Deadline) { return txt(std::move(name)); },
                                                           .times = [] { return TakeOverTimes{1s, 1h}; }});
    io::run_to_end(loop, take_over->look());
    take_over.reset();
  }
};

TEST_CASE("a key takes over when DNS has shown it for long enough, without a break") {
  Rig rig;
  rig.add("new", directory::TakesOver::WhenPublished, "new key");
  rig.add("ordered", directory::TakesOver::WhenOrdered, "third key");
  rig.look();
  CHECK(rig.asked == std::vector<std::string>{"new._domainkey.a.example"});
  CHECK(rig.key("new").published == WallTime{});

  rig.answer = {.outcome = io::DnsOutcome::Found, .records = {record_text(rig.key("old"))}};  // another key
  rig.look();
  CHECK(rig.key("new").published == WallTime{});
  rig.answer.records = {record_text(rig.key("new"))};
  rig.look();
  CHECK(rig.key("new").published == rig.clock.wall());
  CHECK(rig.key("new").stage == DkimStage::Prepared);

  rig.clock.advance(50min);
  rig.answer = {.outcome = io::DnsOutcome::TemporaryFailure};  // says nothing
  rig.look();
  CHECK(rig.key("new").published != WallTime{});
  rig.answer = {.outcome = io::DnsOutcome::NoSuchName};  // gone: from the beginning
  rig.look();
  CHECK(rig.key("new").published == WallTime{});

  rig.answer = {.outcome = io::DnsOutcome::Found, .records = {record_text(rig.key("new"))}};
  rig.look();
  rig.clock.advance(59min);
  rig.look();
  CHECK(rig.key("new").stage == DkimStage::Prepared);
  CHECK(rig.key("old").stage == DkimStage::Active);
  rig.clock.advance(1min);
  rig.look();
  CHECK(rig.key("new").stage == DkimStage::Active);
  CHECK(rig.key("old").stage == DkimStage::Retired);
  CHECK(rig.key("ordered").stage == DkimStage::Prepared);
}

}  // namespace
}  // namespace hikyaku::signing
