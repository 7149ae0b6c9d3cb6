#include "services/filters/outcome.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::filters;

TEST_CASE("words are cut where a character begins") {
  CHECK(shortened("short", 5) == "short");
  CHECK(shortened("longer", 5) == "longe");
  CHECK(shortened("日本", 6) == "日本");
  CHECK(shortened("日本", 5) == "日");
  CHECK(shortened("日本", 3) == "日");
  CHECK(shortened("日本", 2).empty());
  CHECK(shortened(std::string(10, '\x80'), 4).empty());
}

TEST_CASE("one recipient's reason is none of the others', and however many there are, the reason is a line") {
  Envelope envelope;
  Outcome outcome;
  for (int i = 0; i < 1'000; ++i) {
    envelope.recipients.push_back({.address = {std::to_string(i), "a.example"}});
    if (i > 0) outcome.keep_back(std::to_string(i) + "@a.example", std::to_string(i) + std::string(most_why_octets, 'x'));
  }
  std::string why;
  const auto apart = outcome.take_apart(envelope, why);
  REQUIRE(apart);
  CHECK(apart->recipients.size() == 999);
  CHECK(envelope.recipients.size() == 1);
  CHECK(why.starts_with("1xxx"));
  CHECK(why.size() < 10 * most_why_octets);
  for (int i = 0; i < 1'000; ++i) CHECK(outcome.take({Heard::Kind::Quarantine, {}, std::string(most_why_octets, 'y'), {}}));
  CHECK(outcome.quarantine().size() < 10 * most_why_octets);
}
