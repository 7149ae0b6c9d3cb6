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
  CHECK(!entries[0]->came_in());
  ledger.accepted("192.0.2.9", "a@A.example", "d@here.example", start + 3'000s);
  CHECK(ledger.entries()[0]->came_in());
  CHECK(!ledger.entries()[2]->came_in());
  ledger.put_off(refusal(4'000s));
  CHECK(!ledger.entries()[0]->came_in());
  // What the log says late changes nothing that came after it.
  ledger.accepted("192.0.2.9", "a@a.example", "d@here.example", start + 3'500s);
  CHECK(!ledger.entries()[0]->came_in());
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

TEST_CASE("mail that came by another network has come") {
  Ledger ledger;
  ledger.put_off(refusal(0s));
  ledger.put_off(refusal(1s, "192.0.2.7", "c@here.example"));
  ledger.accepted("198.51.100.9", "other@a.example", "b@here.example", start + 10s);
  CHECK(!ledger.find({"192.0.2.0/24", "a@a.example", "b@here.example"})->came_in());
  ledger.accepted("198.51.100.9", "A@a.example", "B@here.example", start + 10s);
  CHECK(ledger.find({"192.0.2.0/24", "a@a.example", "b@here.example"})->came_in());
  CHECK(!ledger.find({"192.0.2.0/24", "a@a.example", "c@here.example"})->came_in());
  CHECK(ledger.find({"192.0.2.0/24", "a@a.example", "nobody@here.example"}) == nullptr);
}

TEST_CASE("whose mail was released has come in, until he tries again") {
  Ledger ledger;
  ledger.put_off(refusal(0s));
  ledger.put_off(refusal(5s, "198.51.100.1"));
  ledger.put_off(refusal(5s, "192.0.2.7", "c@here.example"));
  const LedgerKey key{"192.0.2.0/24", "a@a.example", "b@here.example"};
  ledger.released("A@a.example", "b@Here.example", start + 10s);
  CHECK(ledger.find(key)->came_in());
  CHECK(ledger.find({"198.51.100.0/24", "a@a.example", "b@here.example"})->came_in());
  CHECK(!ledger.find({"192.0.2.0/24", "a@a.example", "c@here.example"})->came_in());
  ledger.put_off(refusal(20s));
  CHECK(!ledger.find(key)->came_in());
  ledger.released("a@a.example", "b@here.example", start + 10s);
  CHECK(!ledger.find(key)->came_in());
}

TEST_CASE("who has given up is silent for longer than its rhythm explains") {
  struct Row {
    std::chrono::seconds longest, silence;
    bool gave_up;
  };
  for (const auto& row : {Row{0s, 4h, false}, Row{0s, 4h + 1s, true}, Row{1h, 4h, false}, Row{2h, 5h, false}, Row{2h, 6h + 1s, true}, Row{20h, 24h, false}, Row{20h, 25h, true}}) {
    LedgerEntry entry{.first = start, .last = start, .tries = 2, .longest = row.longest};
    CHECK_MESSAGE(has_given_up(entry, start + row.silence) == row.gave_up, row.longest.count());
    entry.came_in_at = start + 1s;
    CHECK(!has_given_up(entry, start + row.silence));
  }
}

TEST_CASE("bots that come once do not push out who keeps trying") {
  Ledger ledger;
  ledger.put_off(refusal(0s));
  ledger.put_off(refusal(600s));
  for (std::size_t n = 0; n < Ledger::most_entries + 1'000; ++n) ledger.put_off(refusal(std::chrono::seconds(700 + n), "203.0.113.1", "u" + std::to_string(n) + "@here.example"));
  CHECK(ledger.entries().size() == Ledger::most_entries);
  CHECK(ledger.find({"192.0.2.0/24", "a@a.example", "b@here.example"}) != nullptr);
  CHECK(ledger.find({"203.0.113.0/24", "a@a.example", "u0@here.example"}) == nullptr);
  ledger.forget(start + 1'000s);
  CHECK(ledger.find({"192.0.2.0/24", "a@a.example", "b@here.example"}) == nullptr);
  ledger.forget(WallTime::max());
  CHECK(ledger.entries().empty());
  CHECK(ledger.neighbours("203.0.113.0/24") == 0);
}
