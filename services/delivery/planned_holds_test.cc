#include "services/delivery/planned_holds.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;
using namespace std::chrono_literals;
using directory::Hold;

namespace {

const WallTime start{std::chrono::days{20'000}};

Hold hold(std::uint64_t id, std::chrono::seconds created, std::chrono::seconds begins, std::chrono::seconds ends = 100h) {
  return {.id = id, .pattern = "inner.example", .reason = "disk exchange", .owner = "suzuki", .created = start + created, .start = start + begins, .end = start + ends};
}

std::vector<std::string> looked(PlannedHolds& planned, const std::vector<Hold>& holds, std::chrono::seconds now) {
  std::vector<std::string> texts;
  for (const auto& one : planned.look(holds, start + now)) texts.push_back(turn_text(one));
  return texts;
}
using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("a planned hold begins and ends by itself, each once") {
  PlannedHolds planned(start);
  const std::vector<Hold> holds{hold(1, -1h, 10s, 20s)};
  CHECK(looked(planned, holds, 9s).empty());
  CHECK(looked(planned, holds, 10s) == Told{"hold 1 begins: destination inner.example"});
  CHECK(looked(planned, holds, 11s).empty());
  CHECK(looked(planned, holds, 20s) == Told{"hold 1 ends: destination inner.example"});
  CHECK(looked(planned, holds, 21s).empty());
  CHECK(looked(planned, holds, 5s).empty());  // a clock that was set back
}

TEST_CASE("what a command begins and ends is the command's") {
  PlannedHolds planned(start);
  CHECK(looked(planned, {hold(1, 5s, 5s)}, 6s).empty());
  CHECK(looked(planned, {hold(1, 5s, 5s, 8s)}, 9s).empty());                  // released
  CHECK(looked(planned, {hold(2, 9s, 30s)}, 10s).empty());
  CHECK(looked(planned, {hold(2, 9s, 11s)}, 12s).empty());                    // its start was changed
  CHECK(looked(planned, {hold(3, 13s, 13s, 14s)}, 15s).empty());              // between two looks: perhaps released
  CHECK(looked(planned, {hold(4, 15s, 20s)}, 16s).empty());
  CHECK(looked(planned, {}, 30s).empty());                                    // taken back
}

TEST_CASE("what began while nobody looked is told at the first look; what ended may have been released") {
  PlannedHolds planned(start);
  Hold all = hold(3, -2h, 1h);
  all.scope = directory::HoldScope::All, all.pattern.clear();
  CHECK(looked(planned, {hold(1, -2h, -1h), hold(2, -1h, 1h, 2h), all, hold(4, 3h, 3h)}, 4h) == Told{"hold 2 begins: destination inner.example", "hold 3 begins: all"});
}
