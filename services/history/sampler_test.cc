#include <doctest/doctest.h>

#include <algorithm>

#include "services/history/sampler.h"
#include "services/spool/spool_rig.h"

namespace hikyaku::history {
namespace {

using spool::Rig;

std::optional<Figures> figures_of(const std::vector<Point>& points, Place place, Dimension by, const std::string& name) {
  const auto at = std::ranges::find(points, Series{place, by, name}, &Point::series);
  return at == points.end() ? std::nullopt : std::optional(at->figures);
}

TEST_CASE("a sample says what waits where, by destination, sender and class") {
  Rig rig;
  for (int i = 0; i < 5; ++i) rig.accept(2, "twelve octet");
  rig.accept(1, "never tried");
  auto spool = rig.open();
  std::uint64_t arrived = 0;
  spool->set_arrival_watch([&](const Envelope&) { ++arrived; });
  auto fresh = *spool->fresh(5);
  REQUIRE(fresh.size() == 5);
  for (int i = 0; i < 3; ++i) {
    auto schedule = Rig::schedule(0);
    schedule.failure_class = static_cast<std::uint8_t>(i == 0 ? 4 : 1);
    schedule.destination = i < 2 ? "mx:example.net" : "host:gw:25";
    REQUIRE(spool->defer(std::vector{spool::Deferral{fresh[static_cast<std::size_t>(i)].ref, {schedule}, {}}}));
    REQUIRE(spool->settle(std::vector{spool::Settlement{fresh[static_cast<std::size_t>(i)].ref, {{1, spool::Outcome::Delivered, {}}}, {}}}));
  }
  Sampler sampler([](std::uint8_t number) { return "class" + std::to_string(number); });
  const auto points = sampler.take(*spool, WallTime{std::chrono::seconds{1'700'003'600}});
  CHECK(arrived == 5);
  CHECK(figures_of(points, Place::Incoming, Dimension::Total, "")->count == 2);
  CHECK(figures_of(points, Place::Incoming, Dimension::Destination, "example.net")->count == 2);
  CHECK(figures_of(points, Place::Incoming, Dimension::Sender, "alice@example.jp")->count == 2);
  CHECK(figures_of(points, Place::Holding, Dimension::Total, "")->count == 3);
  CHECK(figures_of(points, Place::Holding, Dimension::Total, "")->octets == 36);
  CHECK(figures_of(points, Place::Domains, Dimension::Total, "") == Figures{3, 36, 3'600});
  CHECK(figures_of(points, Place::Domains, Dimension::Destination, "mx:example.net")->count == 2);
  CHECK(figures_of(points, Place::Domains, Dimension::Destination, "host:gw:25")->count == 1);
  CHECK(figures_of(points, Place::Domains, Dimension::Class, "class4")->count == 1);
  CHECK(figures_of(points, Place::Holding, Dimension::Class, "class1")->count == 2);
  CHECK(figures_of(points, Place::Domains, Dimension::Sender, "alice@example.jp")->count == 3);
  CHECK(figures_of(points, Place::Domains, Dimension::Account, "")->count == 3);  // nobody logged in
  CHECK_FALSE(spool->counts().incoming_is_read);
  while (!spool->fresh(10)->empty()) {
  }
  CHECK(spool->counts().incoming_is_read);
}

TEST_CASE("many destinations become a few and the others") {
  Rig rig;
  for (int i = 0; i < 40; ++i) rig.accept(1, "text");
  auto spool = rig.open();
  int number = 0;
  for (auto fresh = *spool->fresh(100); !fresh.empty(); fresh = *spool->fresh(100))
    for (const auto& message : fresh) {
      auto schedule = Rig::schedule(0);
      schedule.destination = number < 10 ? "mx:large.example" : "mx:d" + std::to_string(number) + ".example";
      ++number;
      REQUIRE(spool->defer(std::vector{spool::Deferral{message.ref, {schedule}, {}}}));
    }
  Sampler sampler([](std::uint8_t) { return std::string("any"); });
  const auto points = sampler.take(*spool, WallTime{std::chrono::seconds{1'700'003'600}});
  CHECK(figures_of(points, Place::Domains, Dimension::Destination, "mx:large.example")->count == 10);
  CHECK(figures_of(points, Place::Domains, Dimension::Destination, "")->count == 40 - 10 - (Sampler::most_named - 1));
  CHECK(std::ranges::count_if(points, [](const Point& point) { return point.series.place == Place::Domains && point.series.by == Dimension::Destination; }) == Sampler::most_named + 1);
}

}  // namespace
}  // namespace hikyaku::history
