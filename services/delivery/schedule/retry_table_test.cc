#include <doctest/doctest.h>

#include "services/delivery/schedule/retry_table.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::hours;
using std::chrono::minutes;

namespace {
RetryTable table(std::initializer_list<const char*> rows) {
  RetryTable made;
  for (const auto* row : rows) {
    auto parsed = parse_retry_row(row);
    REQUIRE_MESSAGE(parsed, (parsed ? std::string() : parsed.error()));
    made.rows.push_back(std::move(*parsed));
  }
  return made;
}
}  // namespace

TEST_CASE("rows that are none are refused with a remedy") {
  for (const auto* row : {"", " ", "*.example.jp", "*.example.jp unanswered", "via: * period=1h", "a b c", "a.example nobody period=1h",
                          "a.example * period", "a.example * period=", "a.example * period=0s", "a.example * period=5", "a.example * period=5x",
                          "a.example * period=101d", "a.example * attempts=0", "a.example * attempts=-1", "a.example * attempts=9999999",
                          "a.example * growth=fast", "a.example * =5m", "a.example * interval=5m trailing"}) {
    CAPTURE(row);
    const auto parsed = parse_retry_row(row);
    CHECK(!parsed);
    if (!parsed) CHECK(parsed.error().size() > 10);
  }
  CHECK(!parse_retry_row(std::string(2000, 'a') + " * period=1h"));
}

TEST_CASE("a row counts for its destination, its class and nothing else; the first of several wins") {
  const auto rules = table({"*.inner.example unanswered period=48h", "*.inner.example * period=10h interval=1h30m"});
  const auto inner = rules.rules_for("a.inner.example", "mx:mx.elsewhere.example");
  CHECK(inner.rule(FailureClass::Timeout).period == hours{48});
  CHECK(inner.rule(FailureClass::Timeout).interval == minutes{90});
  CHECK(inner.rule(FailureClass::Transient).period == hours{10});
  CHECK(rules.rules_for("b.example", "mx:mx.b.example") == RetryRules{});
}

TEST_CASE("selectors: recipient's domain, a host of the MX set, a routed host with or without its port, and via") {
  const auto S = Selects::Destination;
  CHECK(selects(S, "a.example", "A.Example", "mx:x.example"));
  CHECK(selects(S, "mx2.*", "a.example", "mx:mx1.big.example,mx2.big.example"));
  CHECK(selects(S, "mx2.big.example", "a.example", "mx:mx1.big.example,mx2.big.example;tls=verified"));
  CHECK(selects(S, "gw.example", "a.example", "host:gw.example:25"));
  CHECK(selects(S, "gw.example:25", "a.example", "host:gw.example:25"));
  CHECK(!selects(S, "gw.example:26", "a.example", "host:gw.example:25"));
  CHECK(selects(S, "gw2.example", "a.example", "host:gw1.example:25 gw2.example:26;tls=required"));
  CHECK(!selects(S, "*tls*", "a.example", "host:gw1.example:25;tls=required"));
  CHECK(!selects(S, "mx1.big.example,mx2.big.example", "a.example", "mx:mx1.big.example,mx2.big.example"));
  CHECK(!selects(S, "a.example", "", "mx:"));
  CHECK(!selects(Selects::Route, "gw.example", "gw.example", "mx:gw.example"));
  CHECK(selects(Selects::Route, "gw.example", "", "host:gw.example:587"));
  CHECK(selects(Selects::Route, "*", "", "host:gw.example:587"));
  CHECK(!selects(S, "*.example", "", "local:"));
}

TEST_CASE("connection limits: rows that are none are refused") {
  const auto row = parse_limit_row("via:gw.example 10");
  REQUIRE(row);
  CHECK(*row == LimitRow{true, "gw.example", 10});
  for (const auto* bad : {"", "a.example", "a.example 0", "a.example ten", "a.example 5 6", "via: 5", "a.example -5", "5"}) {
    CAPTURE(bad);
    CHECK(!parse_limit_row(bad));
  }
}
