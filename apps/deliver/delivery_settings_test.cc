#include "apps/deliver/delivery_settings.h"

#include <doctest/doctest.h>

namespace hikyaku::apps {

TEST_CASE("deliveries leave descriptors to the store") {
  CHECK(slots_within(100, 1'024) == 100);
  CHECK(slots_within(1'000, 1'024) == 181);
  CHECK(slots_within(1'000'000, 1ULL << 40) == 1'000'000);
  for (const std::uint64_t few : {0, 1, 300, 303}) CHECK(slots_within(1'000, few) == 1);
}

}  // namespace hikyaku::apps
