#include "services/directory/hold.h"

#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;
using namespace std::chrono_literals;

namespace {

const WallTime noon{1'700'000'000s};

Hold hold_of(HoldScope scope, std::string pattern, WallTime start = noon, WallTime end = WallTime::max()) {
  Hold hold;
  hold.id = 1, hold.scope = scope, hold.pattern = std::move(pattern);
  hold.reason = "disk exchange", hold.owner = "suzuki", hold.start = start, hold.end = end;
  return hold;
}

}  // namespace

TEST_CASE("a hold selects by its scope, and nothing else") {
  struct Row {
    HoldScope scope;
    std::string_view pattern;
    HoldFacts facts;
    bool want;
  };
  using enum HoldScope;
  const Row rows[] = {
      {Destination, "a.example", {.domain = "a.example", .destination = "mx:a.example"}, true},
      {Destination, "a.example", {.domain = "A.Example", .destination = "host:gw.example:25"}, true},
      {Destination, "a.example", {.domain = "b.example", .destination = "mx:a.example"}, true},  // the key names it
      {Destination, "a.example", {.domain = "b.a.example", .destination = "mx:b.a.example"}, false},
      {Destination, "a.example", {.domain = "xa.example", .destination = "mx:xa.example"}, false},
      {Destination, "a.example", {.domain = "a.example.org", .destination = "mx:a.example.org"}, false},
      {Destination, "a.example", {.domain = "", .destination = ""}, false},
      {Destination, "*.a.example", {.domain = "b.a.example", .destination = "x"}, true},
      {Destination, "*.a.example", {.domain = "a.example", .destination = "x"}, true},
      {Destination, "*.a.example", {.domain = "ba.example", .destination = "x"}, false},
      {Destination, "mx2.a.example", {.domain = "z.example", .destination = "mx:mx1.a.example,mx2.a.example"}, true},
      {Destination, "gw.example", {.domain = "z.example", .destination = "host:gw.example:25"}, true},
      {Destination, "gw2.example", {.domain = "z.example", .destination = "host:gw1.example:25 gw2.example:25;tls=required"}, true},
      {Destination, "tls", {.domain = "z.example", .destination = "host:gw1.example:25;tls=required"}, false},
      {Destination, "a.example", {.domain = "z.example", .destination = "local:a.example"}, true},
      {Route, "gw.example", {.domain = "a.example", .destination = "host:gw.example:25"}, true},
      {Route, "gw.example:25", {.domain = "a.example", .destination = "host:gw.example:25"}, true},
      {Route, "gw.example:2525", {.domain = "a.example", .destination = "host:gw.example:25"}, false},
      {Route, "127.0.0.1", {.domain = "a.example", .destination = "host:127.0.0.1:2525"}, true},
      {Route, "2001:db8::1", {.domain = "a.example", .destination = "host:2001:db8::1:25"}, true},
      {Route, "a.example", {.domain = "a.example", .destination = "mx:a.example"}, false},
      {Route, "gw.example", {.domain = "gw.example", .destination = "mx:gw.example"}, false},
      {Sender, "taro@a.example", {.sender = "Taro@A.example"}, true},
      {Sender, "taro@a.example", {.sender = "jiro@a.example"}, false},
      {Sender, "a.example", {.sender = "jiro@a.example"}, true},
      {Sender, "a.example", {.sender = "jiro@b.a.example"}, false},
      {Sender, "a.example", {.sender = ""}, false},
      {Sender, "<>", {.sender = ""}, true},
      {Sender, "<>", {.sender = "a@b.example"}, false},
      {Sender, "news*@a.example", {.sender = "news-3@a.example"}, true},
      {Account, "taro@a.example", {.sender = "x@y.example", .sent_by = "taro@a.example"}, true},
      {Account, "taro@a.example", {.sender = "x@y.example", .mailbox_of = "TARO@a.example"}, true},
      {Account, "taro@a.example", {.sender = "taro@a.example"}, false},  // a claimed name is not an account
      {All, "", {}, true},
  };
  for (const auto& row : rows) {
    INFO(row.pattern << " / " << row.facts.domain << " / " << row.facts.destination << " / " << row.facts.sender);
    CHECK(selects(hold_of(row.scope, std::string(row.pattern)), row.facts) == row.want);
  }
}

TEST_CASE("a whole destination is held only by what names its hosts") {
  using enum HoldScope;
  CHECK(selects_all_of(hold_of(Destination, "a.example"), "mx:a.example"));
  CHECK(selects_all_of(hold_of(All, ""), "mx:a.example"));
  CHECK(selects_all_of(hold_of(Route, "gw.example"), "host:gw.example:25"));
  // Others share the gateway: only some of its mail is held.
  CHECK_FALSE(selects_all_of(hold_of(Destination, "a.example"), "host:gw.example:25"));
  CHECK_FALSE(selects_all_of(hold_of(Sender, "a.example"), "mx:a.example"));
  CHECK_FALSE(selects_all_of(hold_of(Account, "a@a.example"), "local:a.example"));
}

TEST_CASE("the stages of a hold") {
  const auto hold = hold_of(HoldScope::All, "", noon, noon + 1h);
  CHECK(hold.stage(noon - 1us) == HoldStage::Planned);
  CHECK(hold.stage(noon) == HoldStage::Running);
  CHECK(hold.stage(noon + 1h - 1us) == HoldStage::Running);
  CHECK(hold.stage(noon + 1h) == HoldStage::Ended);
  CHECK(hold_of(HoldScope::All, "").stage(noon + 10'000h) == HoldStage::Running);
}

TEST_CASE("of several holds one that keeps goes before one that routes elsewhere") {
  auto elsewhere = hold_of(HoldScope::All, "");
  elsewhere.action = HoldAction::OtherRoute;
  auto keep = hold_of(HoldScope::Destination, "a.example");
  keep.id = 2;
  auto over = hold_of(HoldScope::All, "", noon - 2h, noon - 1h);
  over.id = 3;
  const HoldFacts to_a{.domain = "a.example", .destination = "mx:a.example"}, to_b{.domain = "b.example", .destination = "mx:b.example"};
  const std::vector holds{over, elsewhere, keep};
  CHECK(find_hold(holds, to_a, noon)->id == 2);
  CHECK(find_hold(holds, to_b, noon)->id == 1);
  CHECK(find_hold(holds, to_b, noon - 90min)->id == 3);
  CHECK(find_hold(holds, to_b, noon - 30min) == nullptr);
}

TEST_CASE("the times of holds are cut to what is asked for") {
  const std::vector holds{hold_of(HoldScope::All, "", noon, noon + 2h), hold_of(HoldScope::Destination, "a.example", noon + 1h),
                          hold_of(HoldScope::Destination, "b.example", noon)};
  const HoldFacts to_a{.domain = "a.example", .destination = "mx:a.example"};
  const auto times = hold_times(holds, to_a, noon - 1h, noon + 3h);
  REQUIRE(times.size() == 2);
  CHECK(times[0] == HoldTime{noon, noon + 2h});
  CHECK(times[1] == HoldTime{noon + 1h, noon + 3h});
  CHECK(hold_times(holds, to_a, noon - 2h, noon).empty());
  CHECK(hold_times(holds, to_a, noon + 3h, noon + 3h).empty());
}

TEST_CASE("what cannot be a hold says why") {
  using enum HoldScope;
  struct Row {
    HoldScope scope;
    std::string_view pattern, want;  // want "": refused
  };
  const Row rows[] = {
      {Destination, "A.Example", "a.example"}, {Destination, "*.a.example", "*.a.example"}, {Destination, "日本.example", "xn--wgv71a.example"},
      {Route, "GW.example:2525", "gw.example:2525"}, {Sender, "<>", "<>"}, {Sender, "News*@a.example", "news*@a.example"}, {Account, "taro@A.example", "taro@a.example"},
      {Destination, "", ""}, {Destination, "a b", ""}, {Destination, "a@b.example", ""}, {Destination, "-.example", ""}, {Destination, "a..b", ""},
      {Destination, "a.example\n", ""}, {Sender, "", ""}, {Sender, "a@b@", ""}, {Sender, "@", ""}, {Account, "*@a.example", ""}, {Account, "taro", ""},
      {Account, "", ""}, {All, "a.example", ""}, {Route, "mail|gw", ""}, {Route, "", ""},
  };
  for (const auto& row : rows) {
    INFO(row.pattern);
    const auto pattern = normal_hold_pattern(row.scope, row.pattern);
    CHECK(pattern.has_value() == !row.want.empty());
    if (pattern) CHECK(*pattern == row.want);
    else CHECK(pattern.error().find(';') != std::string::npos);
  }
  CHECK(normal_hold_pattern(All, "")->empty());
  auto hold = hold_of(All, "");
  CHECK(why_no_hold(hold).empty());
  hold.action = HoldAction::OtherRoute;
  for (const char* bad : {"", "gw.example", "gw.example:", ":25", "g w:25"}) {
    hold.other_route = bad;
    CHECK_MESSAGE(!why_no_hold(hold).empty(), bad);
  }
  hold.other_route = "gw2.example:25";
  CHECK(why_no_hold(hold).empty());
  hold.end = hold.start;
  CHECK(!why_no_hold(hold).empty());
  hold.end = WallTime::max(), hold.reason = "";
  CHECK(!why_no_hold(hold).empty());
  hold.reason = "two\nlines";
  CHECK(!why_no_hold(hold).empty());
  hold.reason = std::string(501, 'x');
  CHECK(!why_no_hold(hold).empty());
}

TEST_CASE("the reason is a reply's words only in printable ASCII") {
  auto hold = hold_of(HoldScope::All, "");
  CHECK(reply_words(hold) == "disk exchange");
  hold.reason = "ディスク交換";
  CHECK(reply_words(hold).starts_with("Mail for this recipient is held"));
}

TEST_CASE("holds are added, changed, released and removed, each within its rules") {
  DirectoryRig rig;
  auto add = [&](Hold hold, WallTime now = noon) { return rig.editor.add_hold(std::move(hold), now); };
  const auto first = add(hold_of(HoldScope::Destination, "A.example"));
  REQUIRE_MESSAGE(first, why(first));
  CHECK(first->id == 1);
  CHECK(first->pattern == "a.example");
  CHECK(add(hold_of(HoldScope::All, "", noon + 1h, noon + 2h))->id == 2);
  CHECK(rig.snapshot()->contents().holds.size() == 2);
  CHECK(rig.snapshot()->contents().holds.front() == *first);
  CHECK(fails(add(hold_of(HoldScope::Destination, "not a domain")), DirectoryFailure::BadValue));
  CHECK(fails(add(hold_of(HoldScope::Account, "nobody@a.example")), DirectoryFailure::NotFound));
  CHECK(fails(add(hold_of(HoldScope::All, "", noon - 2h, noon - 1h)), DirectoryFailure::BadValue));  // over before it is given

  // Running: its start is history, its end and reason are not.
  CHECK(fails(rig.editor.change_hold(1, {.start = noon + 5h}, noon + 1min), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.change_hold(1, {.end = noon - 1h}, noon + 1min), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.change_hold(9, {.reason = "x"}, noon), DirectoryFailure::NotFound));
  CHECK(rig.editor.change_hold(1, {.reason = "still broken", .end = noon + 9h}, noon + 1min)->reason == "still broken");
  CHECK(rig.editor.change_hold(2, {.start = noon + 90min}, noon)->start == noon + 90min);

  // Running ones are released, planned ones removed, past ones stay.
  CHECK(fails(rig.editor.remove_hold(1, noon + 1h), DirectoryFailure::InUse));
  CHECK(fails(rig.editor.release_hold(2, noon), DirectoryFailure::BadValue));
  CHECK(rig.editor.remove_hold(2, noon));
  CHECK(rig.editor.release_hold(1, noon + 3h)->end == noon + 3h);
  CHECK(fails(rig.editor.release_hold(1, noon + 4h), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.change_hold(1, {.reason = "x"}, noon + 4h), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.remove_hold(1, noon + 4h), DirectoryFailure::InUse));
  CHECK(rig.snapshot()->contents().holds.size() == 1);

  // Ids are not used again, and what is long over is forgotten.
  CHECK(add(hold_of(HoldScope::All, "", noon + 200 * 24h, noon + 201 * 24h), noon + 199 * 24h)->id == 3);
  CHECK(rig.snapshot()->contents().holds.size() == 1);
}
