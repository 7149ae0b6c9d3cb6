#include "services/delivery/route_change.h"

#include <doctest/doctest.h>

#include "services/delivery/fallback_watch.h"
#include "services/directory/gateway_text.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

directory::Contents table(std::string_view text) {
  directory::Contents contents;
  contents.routes = directory::parse_gateway_dat(text).routes;
  return contents;
}

}  // namespace

TEST_CASE("what is queued is planned again when the way of mail changes, not for the look of the table") {
  CHECK(!routing_differs(table("a.example,gw1\n# x\n"), table("a.example , gw1,25\n")));
  CHECK(routing_differs(table("a.example,gw1\n"), table("a.example,gw2\n")));
  CHECK(routing_differs(table("*.abc.jp,gw\n*,gw2\n"), table("*,gw2\n*.abc.jp,gw\n")));
  CHECK(routing_differs(table("a.example,gw1\n"), table("a.example,gw1,25,tls=required\n")));
  auto with_gateway = table("");
  with_gateway.gateway = *directory::parse_gateway("gw9");
  CHECK(routing_differs(table(""), with_gateway));
  auto forwarding = table("");
  forwarding.forward_all = directory::ForwardAll::Yes;
  CHECK(routing_differs(table(""), forwarding));
  auto domains = table("");
  domains.domains = {{"new.example"}};
  CHECK(routing_differs(table(""), domains));
  auto accounts = table("");
  accounts.accounts.emplace_back();
  CHECK(!routing_differs(table(""), accounts));
}

TEST_CASE("a change moves only mail whose own way it changes, and what waits for a mailbox with more room now") {
  const auto text = [](std::string_view routes, std::uint64_t quota = 0) {
    auto contents = table(routes);
    contents.domains = {{"here.example"}, {"other.example"}};
    for (const std::uint32_t id : {1U, 2U}) {
      directory::Account account;
      account.id = AccountId{id};
      account.address = {id == 1 ? "taro" : "hanako", "here.example"};
      account.quota_octets = id == 1 ? quota : 1'000;
      contents.accounts.push_back(account);
    }
    return directory::Snapshot(std::move(contents));
  };
  const auto moved = [](const directory::Snapshot& before, const directory::Snapshot& after, const Address& address, std::uint32_t failures = 3) {
    const ReversePath sender;
    const Recipient recipient{address, "", {}};
    const RoutingQuestion question{sender, recipient, failures};
    return is_moved_by(before, plan_recipient(before, {}, question), after, plan_recipient(after, {}, question));
  };
  const Address taro{"taro", "here.example"}, hanako{"hanako", "here.example"}, far{"x", "far.example"};
  const auto before = text("far.example,gw1,25,fallback=gw9\n", 1'000), edited = text("far.example,gw1,25,fallback=gw9\nunrelated.example,gw3\n", 1'000);
  for (const auto& address : {taro, hanako, far, Address{"nobody", "here.example"}}) CHECK(!moved(before, edited, address));
  CHECK(moved(before, text("far.example,gw2\n", 1'000), far));
  CHECK(!moved(before, text("far.example,gw2\n", 1'000), taro));
  CHECK(where_there_is_more_room(before, edited).empty());
  for (const std::uint64_t more : {0U, 2'000U}) {
    const auto raised = text("", more);
    CHECK(where_there_is_more_room(before, raised) == std::set<std::string>{"local:here.example"});
    CHECK(moved(before, raised, taro));
    CHECK(!moved(before, raised, hanako));
    CHECK(where_there_is_more_room(raised, before).empty());  // lowered
    CHECK(!moved(raised, before, taro));
  }
}

TEST_CASE("the fallback takes over after so many failures in turn, and gives back") {
  FallbackWatch watch;
  using Use = FallbackWatch::Use;
  const Instant start = Instant{} + 1h;
  CHECK(watch.use("d", 2, start) == Use::Own);
  watch.failed("d", start);
  CHECK(watch.use("d", 2, start) == Use::Own);
  watch.failed("d", start + 10s);
  CHECK(watch.use("d", 2, start + 20s) == Use::Fallback);
  CHECK(watch.use("other", 2, start + 20s) == Use::Own);
  CHECK(watch.use("d", 2, start + 69s) == Use::Fallback);
  CHECK(watch.use("d", 2, start + 70s) == Use::OwnThenFallback);
  watch.failed("d", start + 70s);
  CHECK(watch.use("d", 2, start + 80s) == Use::Fallback);
  watch.answered("d");
  CHECK(watch.use("d", 2, start + 80s) == Use::Own);
}
