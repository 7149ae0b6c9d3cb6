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
