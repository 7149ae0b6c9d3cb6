#include "services/refusals/plan.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::refusals;

namespace {

const WallTime start{std::chrono::days{20'000}};

// A server that tries each so often, so many times.
void put_off(policy::Ledger& ledger, std::chrono::seconds each, int times, const std::string& network = "192.0.2.", const std::string& rule = "s25r", bool honest = true) {
  for (int n = 0; n < times; ++n)
    ledger.put_off({.at = start + n * each, .client = network + "7", .client_name = honest ? "mail.a.example" : "", .helo = honest ? "mail.a.example" : "PC", .sender = "a@a.example", .recipient = "b@here.example",
                    .rule = rule, .reason = "x", .proved = honest});
}

Told since(WallTime begun) {
  Told told;
  told.begun = begun;
  return told;
}

}  // namespace

TEST_CASE("administrators are told before a likely honest sender gives up, once") {
  policy::Ledger ledger;
  put_off(ledger, 15min, 3);
  auto told = since(start);
  CHECK(plan(ledger, told, {}, start + 30min - 1s).giving_up.empty());  // an hour is the first usual end
  const auto due = plan(ledger, told, {}, start + 31min);
  REQUIRE(due.giving_up.size() == 1);
  CHECK(due.given_up.empty());
  told.notice(due.giving_up[0].entry->key, start + 31min);
  CHECK(plan(ledger, told, {}, start + 32min).giving_up.empty());
  CHECK(plan(ledger, told, {}, start + 220min).giving_up.empty());
}

TEST_CASE("nobody is told of who is no sender to wait for") {
  struct Case {
    const char* name;
    policy::Ledger ledger;
    Terms terms{};
    WallTime now = start + 45min;
  };
  std::vector<Case> cases(7);
  cases[0].name = "a single try", put_off(cases[0].ledger, 15min, 1);
  cases[1].name = "a bot", put_off(cases[1].ledger, 5s, 9, "192.0.2.", "s25r", false);
  cases[2].name = "came in", put_off(cases[2].ledger, 15min, 3), cases[2].ledger.accepted("192.0.2.9", "a@a.example", "x@here.example", start + 40min);
  cases[3].name = "the notices are off", put_off(cases[3].ledger, 15min, 3), cases[3].terms.notices = Wanted::No;
  cases[4].name = "greylisted, and coming by itself", put_off(cases[4].ledger, 5min, 3, "192.0.2.", "greylist");
  cases[5].name = "the share asked for is higher", put_off(cases[5].ledger, 15min, 3), cases[5].terms.likely_percent = 99;
  cases[6].name = "has given up already", put_off(cases[6].ledger, 15min, 3), cases[6].now = start + 23h + 45min;
  for (const auto& one : cases) {
    const auto made = plan(one.ledger, since(start), one.terms, one.now);
    CHECK_MESSAGE(made.giving_up.empty(), one.name);
    CHECK_MESSAGE(made.given_up.empty(), one.name);
  }
}

TEST_CASE("who is greylisted for hours is told of") {
  policy::Ledger ledger;
  put_off(ledger, 25min, 9, "192.0.2.", "greylist");
  CHECK(plan(ledger, since(start), {}, start + 3h + 31min).giving_up.size() == 1);
}

TEST_CASE("recipients are told when a sender has given up, where that is wanted, and of nothing older than the watch") {
  policy::Ledger ledger;
  put_off(ledger, 15min, 4);
  const Terms terms{.notices = Wanted::No, .recipients = Wanted::Yes};
  auto told = since(start);
  CHECK(plan(ledger, told, terms, start + 45min + 4h).given_up.empty());
  const auto due = plan(ledger, told, terms, start + 45min + 4h + 1s);
  REQUIRE(due.given_up.size() == 1);
  CHECK(plan(ledger, told, {.notices = Wanted::No}, start + 9h).given_up.empty());
  CHECK(plan(ledger, since(start + 1h), terms, start + 9h).given_up.empty());
  told.tell_recipient(due.given_up[0].entry->key, start + 9h);
  CHECK(plan(ledger, told, terms, start + 10h).given_up.empty());
  ledger.accepted("198.51.100.1", "a@a.example", "b@here.example", start + 46min);
  CHECK(plan(ledger, since(start), terms, start + 9h).given_up.empty());
}

TEST_CASE("the digest has who tried since the last one, likely honest ones first, and is bounded") {
  policy::Ledger ledger;
  put_off(ledger, 5s, 3, "203.0.113.", "s25r", false);
  put_off(ledger, 15min, 3);
  const auto found = digest_rows(ledger, start, start + 1h);
  REQUIRE(found.rows.size() == 2);
  CHECK(found.rows[0].entry->key.network == "192.0.2.0/24");
  CHECK(found.rows[0].likely.percent > found.rows[1].likely.percent);
  CHECK(digest_rows(ledger, start + 30min + 1s, start + 1h).rows.empty());
  CHECK(digest_rows(ledger, start, start + 10s).rows.empty());
  for (int n = 0; n < 400; ++n) ledger.put_off({.at = start, .client = "198.51.100.1", .helo = "x", .sender = "s" + std::to_string(n) + "@x.example", .recipient = "b@here.example", .rule = "s25r"});
  const auto many = digest_rows(ledger, start, start + 1h);
  CHECK(many.rows.size() == most_digest_rows);
  CHECK(many.left_out == 102);
}
