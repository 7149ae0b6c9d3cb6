#include "services/delivery/queue_holds.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr WallTime now{std::chrono::seconds{1'700'010'000}};

directory::Hold hold(std::uint64_t id, directory::HoldScope scope, std::string pattern, WallTime start = now, WallTime end = WallTime::max()) {
  directory::Hold one;
  one.id = id, one.scope = scope, one.pattern = std::move(pattern), one.start = start, one.end = end;
  return one;
}

QueueItem item(std::string sender, std::string recipient, std::string destination) {
  QueueItem one;
  one.sender = std::move(sender), one.recipient = std::move(recipient), one.destination = std::move(destination);
  if (!one.destination.empty()) one.state = QueueState::Deferred;
  return one;
}

std::uint64_t hold_of(const HoldsInForce& holds, const QueueItem& one) {
  const auto* found = holds.of(one);
  return found == nullptr ? 0 : found->id;
}

}  // namespace

TEST_CASE("queue holds: what is listed names the running hold that keeps it, and the list says what that is") {
  using enum directory::HoldScope;
  directory::Contents contents;
  contents.holds = {hold(1, Destination, "inner.example"), hold(2, Sender, "boss@a.example"),
                    hold(3, Destination, "later.example", now + std::chrono::hours{1}),
                    hold(4, Destination, "over.example", now - std::chrono::hours{2}, now - std::chrono::hours{1})};
  contents.holds.push_back(hold(5, Destination, "moved.example"));
  contents.holds.back().action = directory::HoldAction::OtherRoute;
  contents.holds.back().other_route = "relay.example:25";
  const HoldsInForce holds(std::make_shared<directory::Snapshot>(std::move(contents)), now);
  const auto inner = item("x@a.example", "y@inner.example", "mx:inner.example");
  CHECK(hold_of(holds, inner) == 1);
  CHECK(hold_of(holds, item("x@a.example", "y@inner.example", "")) == 1);  // not tried yet: by its route
  CHECK(hold_of(holds, item("boss@a.example", "y@far.example", "mx:far.example")) == 2);
  CHECK(hold_of(holds, item("", "y@inner.example", "mx:inner.example")) == 1);
  CHECK(hold_of(holds, item("x@a.example", "y@moved.example", "mx:moved.example")) == 5);
  for (const auto& free : {item("x@a.example", "y@far.example", "mx:far.example"), item("x@a.example", "y@later.example", "mx:later.example"),
                           item("x@a.example", "y@over.example", "mx:over.example"), item("x@a.example", "y@moved.example", ""),
                           item("x@a.example", "no address", "mx:far.example")}) {
    CAPTURE(free.recipient);
    CHECK(hold_of(holds, free) == 0);
  }
  QueueList list{{inner, item("x@a.example", "y@far.example", "mx:far.example"), inner}, std::nullopt, {}};
  holds.mark(list);
  REQUIRE(list.holds.size() == 1);
  CHECK(list.hold_of(list.items[0])->pattern == "inner.example");
  CHECK(list.hold_of(list.items[1]) == nullptr);
  CHECK(list.hold_of(list.items[2]) == list.holds.data());
  const HoldsInForce unknown(nullptr, now);
  CHECK(unknown.of(inner) == nullptr);
}
