#include "services/delivery/source_limits.h"

#include <doctest/doctest.h>

#include "services/delivery/lanes.h"
#include "services/delivery/next_hop.h"
#include "services/directory/routes.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

TEST_CASE("lines of limits by source") {
  SourceLimits limits;
  CHECK(add_source_limit("192.0.2.7 20", limits));
  CHECK(add_source_limit("  2001:DB8::7   3 ", limits));
  CHECK(add_source_limit("default 100", limits));
  CHECK(limits.of("192.0.2.7") == 20);
  CHECK(limits.of("2001:db8::7") == 3);
  CHECK(limits.of("default") == 100);
  CHECK(limits.of("192.0.2.8") == 0);
  for (const char* bad : {"", "192.0.2.7", "192.0.2.7 0", "192.0.2.7 -1", "192.0.2.7 2000000", "192.0.2.7 5 6", "gw.example 5", "Default 5", "192.0.2.7 5x"})
    CHECK_MESSAGE(!add_source_limit(bad, limits), bad);
}

TEST_CASE("a destination's sources stand in its key") {
  using Texts = std::vector<std::string>;
  CHECK(sources_of("mx:mx.a.example") == Texts{"default"});
  CHECK(sources_of("host:gw.example:25") == Texts{"default"});
  const auto key = [](std::string_view row) {
    const auto route = directory::parse_route(row);
    REQUIRE(route);
    return hop_of(std::make_shared<const directory::Route>(*route)).key();
  };
  CHECK(sources_of(key("*,gw.example,25,tls=required,source=192.0.2.7,source=2001:db8::7")) == Texts{"192.0.2.7", "2001:db8::7"});
  CHECK(sources_of(key("*,gw.example,25,source=192.0.2.7,fallback=other.example")) == Texts{"192.0.2.7"});
  CHECK(sources_of(key("*,gw.example,25,login=xsource=y")) == Texts{"default"});
}

TEST_CASE("deliveries from one source keep to its limit over all destinations, and others do not wait for it") {
  Lanes<int> lanes({.slots = 100, .reserved_fresh = 0, .reserved_retry = 0, .per_destination = 10});
  SourceLimits limits;
  REQUIRE(add_source_limit("192.0.2.7 3", limits));
  lanes.set_source_limits(limits);
  for (int i = 0; i < 200; ++i) lanes.add(i % 2 == 0 ? Lane::Fresh : Lane::Retry, "host:gw" + std::to_string(i % 20) + ":25;source=192.0.2.7", i);
  for (int i = 0; i < 20; ++i) lanes.add(Lane::Fresh, "mx:" + std::to_string(i), i);
  std::vector<Lanes<int>::Slot> limited;
  int others = 0, done = 0;
  const auto take_all = [&] {
    while (auto slot = lanes.next()) {
      if (!lanes.take_job(*slot)) FAIL("a slot without a job");
      if (slot->destination.starts_with("mx:")) ++others;
      else limited.push_back(*slot), ++done;
    }
  };
  take_all();
  CHECK(limited.size() == 3);
  CHECK(others == 20);
  // Everything gets its turn, three at a time.
  while (!limited.empty()) {
    auto slot = limited.front();
    limited.erase(limited.begin());
    while (lanes.take_job(slot)) ++done;
    lanes.release(slot);
    take_all();
    CHECK(limited.size() <= 3);
  }
  CHECK(done == 200);
  // A higher limit counts at once.
  for (int i = 0; i < 40; ++i) lanes.add(Lane::Fresh, "host:gw" + std::to_string(i) + ":25;source=192.0.2.7", i);
  take_all();
  CHECK(limited.size() == 3);
  SourceLimits more;
  REQUIRE(add_source_limit("192.0.2.7 8", more));
  lanes.set_source_limits(more);
  take_all();
  CHECK(limited.size() == 8);
  lanes.set_source_limits({});
  take_all();
  CHECK(limited.size() == 40);
}
