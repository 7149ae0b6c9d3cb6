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

TEST_CASE("a copy refused apart is out of the envelope, its first reply counts, and it is not kept back too") {
  Envelope envelope;
  for (const auto* name : {"taro", "hanako", "jiro"}) envelope.recipients.push_back({.address = {name, "a.example"}});
  Outcome outcome;
  CHECK(outcome.take_out_refused(envelope) == 0);
  outcome.refuse("hanako@a.example", {550, {5, 7, 1}, "no"});
  outcome.refuse("hanako@a.example", {451, {4, 7, 1}, "later"});
  outcome.refuse("nobody@a.example", {550, {5, 7, 1}, "no"});
  outcome.keep_back("hanako@a.example", "why");
  outcome.keep_back("jiro@a.example", "why");
  CHECK(outcome.take_out_refused(envelope) == 1);
  CHECK(outcome.take_out_refused(envelope) == 0);
  REQUIRE(outcome.refused("hanako@a.example") != nullptr);
  CHECK(outcome.refused("hanako@a.example")->code == 550);
  CHECK(outcome.refused("taro@a.example") == nullptr);
  std::string why;
  const auto apart = outcome.take_apart(envelope, why);
  REQUIRE(apart);
  REQUIRE(apart->recipients.size() == 1);
  CHECK(apart->recipients[0].address.local_part == "jiro");
  REQUIRE(envelope.recipients.size() == 1);
  CHECK(envelope.recipients[0].address.local_part == "taro");
  CHECK_FALSE(outcome.against());
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
