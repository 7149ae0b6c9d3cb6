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

TEST_CASE("a changed row concerns the destinations it can reach, and all hosts of rows") {
  const RouteChange same(table("a.example,gw1\n# x\n"), table("a.example , gw1,25\n"));
  CHECK(!same.any());
  CHECK(!same.concerns("host:gw1:25"));
  const RouteChange changed(table("z.example,gw\na.example,gw1\n*.b.example,gw2\n*,gw9\n"), table("z.example,gw\na.example,gw3\nu@c.example,gw4\n*.b.example,gw2\n*,gw9\n"));
  CHECK(changed.any());
  struct Row { std::string_view key; bool want; };
  for (const auto& [key, want] : std::initializer_list<Row>{{"mx:a.example", true}, {"mx:c.example", true}, {"mx:b.example", false}, {"mx:sub.a.example", false},
                                                            {"mx:z.example", false}, {"mx:other.example", false}, {"host:gw1:25", true}, {"host:gw9:25", true},
                                                            {"mx:one.example,two.example", true}, {"local:a.example", true}})
    CHECK_MESSAGE(changed.concerns(key) == want, key);
  const RouteChange wild(table(""), table("*.abc.jp,gw\n"));
  CHECK(wild.concerns("mx:abc.jp"));
  CHECK(wild.concerns("mx:x.abc.jp"));
  CHECK(!wild.concerns("mx:def.jp"));
  const RouteChange order(table("*.abc.jp,gw\n*,gw2\n"), table("*,gw2\n*.abc.jp,gw\n"));
  CHECK(order.concerns("mx:anything.example"));
  auto with_gateway = table("");
  with_gateway.gateway = *directory::parse_gateway("gw9");
  CHECK(RouteChange(table(""), with_gateway).concerns("mx:any.example"));
  auto forwarding = table("");
  forwarding.forward_all = directory::ForwardAll::Yes;
  CHECK(RouteChange(table(""), forwarding).concerns("mx:any.example"));
  auto domains = table("");
  domains.domains = {{"new.example"}};
  CHECK(RouteChange(table(""), domains).concerns("mx:new.example"));
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
