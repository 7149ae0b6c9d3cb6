#include <doctest/doctest.h>

#include <vector>

#include "services/delivery/open_connections.h"

using hikyaku::delivery::OpenConnections;

TEST_CASE("connections count for their destination until they are gone, those on their way out too") {
  const auto all = std::make_shared<OpenConnections>();
  CHECK(all->count("a") == 0);
  std::vector<OpenConnections::Place> places;
  for (int n = 0; n < 3; ++n) places.push_back(all->take("a"));
  places.push_back(all->take("b"));
  CHECK(all->count("a") == 3);
  CHECK(all->closing("a") == 0);
  places[0].closes();
  places[0].closes();
  CHECK(all->count("a") == 3);
  CHECK(all->closing("a") == 1);
  places.erase(places.begin());
  CHECK(all->count("a") == 2);
  CHECK(all->closing("a") == 0);
  CHECK(all->count("b") == 1);
  places.clear();
  CHECK(all->count("a") == 0);
  CHECK(all->count("b") == 0);
}

TEST_CASE("a place that is moved counts once; one that took another's place gives its own back") {
  const auto all = std::make_shared<OpenConnections>();
  auto one = all->take("a");
  auto other = std::move(one);
  CHECK(all->count("a") == 1);
  other.closes();
  auto third = all->take("b");
  third = std::move(other);
  CHECK(all->count("a") == 1);
  CHECK(all->closing("a") == 1);
  CHECK(all->count("b") == 0);
  CHECK(third.destination() == "a");
  OpenConnections::Place none;
  none.closes();
  third = std::move(none);
  CHECK(all->count("a") == 0);
}

TEST_CASE("a place may be given back when nobody else knows the count any more") {
  auto all = std::make_shared<OpenConnections>();
  auto place = all->take("a");
  all.reset();
  place = {};
  CHECK(place.destination().empty());
}
