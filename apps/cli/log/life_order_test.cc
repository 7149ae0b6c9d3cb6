// In which order `trace` tells what several services wrote at the same moment.
#include "apps/cli/log/life_order.h"

#include <doctest/doctest.h>

namespace hikyaku::cli {
namespace {

std::string order_of(std::vector<LifeLine> lines) {
  std::string text;
  for (const auto& line : in_life_order(std::move(lines))) text += (text.empty() ? "" : " ") + line.text;
  return text;
}

TEST_CASE("life order: a mail is accepted before it is delivered, whoever wrote first") {
  CHECK(order_of({{"mail.delivered", "A", "", "delivered"}, {"mail.accepted", "A", "", "accepted"}, {"transaction.ok", "A", "", "taken"}}) == "accepted taken delivered");
  CHECK(order_of({{"mail.accepted", "A", "", "r1"}, {"mail.delivered", "A", "", "delivered"}, {"mail.accepted", "A", "", "r2"}}) == "r1 r2 delivered");
  CHECK(order_of({{"delivery.deferred", "A", "", "deferred"}, {"queue.changed", "A", "", "told"}, {"mail.sent", "A", "", "sent"}}) == "deferred told sent");
}

TEST_CASE("life order: a mail comes before those it became") {
  CHECK(order_of({{"mail.generated", "B", "A", "copy"}, {"mail.expanded", "A", "", "expanded"}, {"mail.delivered", "B", "", "delivered"}, {"mail.accepted", "A", "", "accepted"}}) ==
        "accepted copy expanded delivered");
  CHECK(order_of({{"mail.expanded", "A", "", "expanded"}, {"mail.delivered", "B", "", "delivered"}, {"mail.generated", "B", "A", "copy"}, {"mail.accepted", "A", "", "accepted"}}) ==
        "accepted expanded copy delivered");
  CHECK(order_of({{"mail.delivered", "A", "", "of another"}, {"mail.accepted", "B", "", "accepted"}}) == "of another accepted");
}

}  // namespace
}  // namespace hikyaku::cli
