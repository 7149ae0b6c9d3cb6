#include <doctest/doctest.h>

#include "services/policy/ledger.h"

using namespace hikyaku;
using namespace hikyaku::policy;

namespace {

const WallTime start{std::chrono::days{20'000}};

PutOff refusal(std::chrono::seconds after, std::string client = "192.0.2.7", std::string recipient = "b@here.example") {
  return {.at = start + after, .client = std::move(client), .helo = "mail.a.example", .sender = "a@a.example", .recipient = std::move(recipient), .rule = "s25r", .reason = "s25r rule 2: x"};
}

}  // namespace

TEST_CASE("tries of one network, sender and recipient are one line, with how it tries") {
  Ledger ledger;
  ledger.put_off(refusal(0s));
  ledger.put_off(refusal(600s, "192.0.2.8"));
  auto other_case = refusal(2'400s);
  other_case.sender = "A@a.Example";
  ledger.put_off(other_case);
  ledger.put_off(refusal(10s, "192.0.2.7", "c@here.example"));
  ledger.put_off(refusal(20s, "198.51.100.1"));
  const auto entries = ledger.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0]->key.network == "192.0.2.0/24");
  CHECK(entries[0]->tries == 3);
  CHECK(entries[0]->shortest == 600s);
  CHECK(entries[0]->longest == 1'800s);
  CHECK(entries[0]->clients.size() == 2);
  CHECK(entries[0]->kind() == RefusalKind::Client);
  CHECK(ledger.neighbours("192.0.2.0/24") == 2);
  CHECK(!entries[0]->came_in);
  ledger.accepted("192.0.2.9", "a@A.example", start + 3'000s);
  CHECK(ledger.entries()[0]->came_in);
  CHECK(!ledger.entries()[2]->came_in);
  ledger.put_off(refusal(4'000s));
  CHECK(!ledger.entries()[0]->came_in);
}

TEST_CASE("a mail server is likelier honest than a bot, and each point says why") {
  Ledger ledger;
  for (int i = 0; i < 6; ++i) {
    auto server = refusal(std::chrono::seconds{i * 900});
    server.client_name = "mx1.a.example";
    server.proved = i == 2;
    ledger.put_off(server);
  }
  for (int i = 0; i < 30; ++i) {
    auto bot = refusal(std::chrono::seconds{i}, "203.0.113." + std::to_string(i + 1), "user" + std::to_string(i / 2) + "@here.example");
    bot.helo = "PC";
    bot.sender = "x" + std::to_string(i / 2) + "@spam.example";
    ledger.put_off(bot);
  }
  int honest = 0, most_of_bots = 0;
  for (const auto* entry : ledger.entries()) {
    const auto found = likelihood(*entry, ledger.neighbours(entry->key.network));
    CHECK(!found.points.empty());
    for (const auto& point : found.points) CHECK(!point.why_ja.empty());
    if (entry->key.sender == "a@a.example") honest = found.percent;
    else most_of_bots = std::max(most_of_bots, found.percent);
  }
  CHECK(honest >= 90);
  CHECK(most_of_bots <= 25);
}

TEST_CASE("who tries on may give up at the next usual end") {
  Ledger ledger;
  ledger.put_off(refusal(0s));
  const auto& entry = *ledger.entries().front();
  CHECK(may_give_up(entry, start + 59min) == start + 1h);
  CHECK(may_give_up(entry, start + 1h) == start + 4h);
  CHECK(may_give_up(entry, start + 30h) == start + 48h);
  CHECK(may_give_up(entry, start + 500h) == start + 120h);
}
