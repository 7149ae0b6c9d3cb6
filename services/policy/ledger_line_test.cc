#include "services/policy/ledger_line.h"

#include <doctest/doctest.h>

#include "services/telemetry/log.h"

using namespace hikyaku;
using namespace hikyaku::policy;
namespace events = telemetry::events;

namespace {

const WallTime start{std::chrono::days{20'000}};
std::string line(const telemetry::Event& event, const telemetry::Fields& fields) { return telemetry::json_line(event, fields, start, "receive"); }

}  // namespace

TEST_CASE("a recipient that a rule put off, one it refused, and mail that was taken are told apart") {
  const auto put_off = parse_ledger_line(line(events::recipient_refused, {.sender = "a@a.example", .recipient = "b@here.example", .client = "192.0.2.7", .helo = "mail.a.example",
                                                                         .client_name = "x.a.example", .reply = "450 4.7.1 S25R", .rule = "s25r", .reason = "first try of spf:a.example"}));
  REQUIRE(put_off);
  const auto* put = std::get_if<PutOff>(&*put_off);
  REQUIRE(put);
  CHECK(put->at == start);
  CHECK(put->sender == "a@a.example");
  CHECK(put->proved);
  CHECK(put->client_name == "x.a.example");
  const auto refused = parse_ledger_line(line(events::recipient_refused, {.null_sender = true, .recipient = "b@here.example", .client = "192.0.2.7", .reply = "554 5.7.1 listed", .rule = "dnsbl"}));
  REQUIRE(refused);
  CHECK(std::get<RefusedForGood>(*refused).rule == "dnsbl");
  const auto taken = parse_ledger_line(line(events::mail_accepted, {.sender = "a@a.example", .recipient = "b@here.example", .client = "192.0.2.7"}));
  REQUIRE(taken);
  CHECK(std::get<TakenIn>(*taken).recipient == "b@here.example");
  // Released from escrow before: its sender has his 250.
  const auto repeated = parse_ledger_line(line(events::escrow_repeated, {.sender = "a@a.example", .recipient = "b@here.example", .client = "192.0.2.7"}));
  REQUIRE(repeated);
  CHECK(std::get<TakenIn>(*repeated).sender == "a@a.example");
}

TEST_CASE("who is refused for himself is of the kind recipient; who logged in is in no count") {
  telemetry::Fields fields{.sender = "a@a.example", .recipient = "nobody@here.example", .client = "192.0.2.7", .reply = "550 5.1.1 No such user here"};
  for (const auto* rule : {"", "recipient", "relay", "quota", "list", "account_rules"}) {
    CAPTURE(rule);
    fields.rule = rule;
    fields.account = {};
    const auto refused = parse_ledger_line(line(events::recipient_refused, fields));
    REQUIRE(refused);
    CHECK(kind_of_rule(std::get<RefusedForGood>(*refused).rule) == RefusalKind::Recipient);
    fields.account = "b@here.example";
    CHECK(!parse_ledger_line(line(events::recipient_refused, fields)));
  }
  fields.rule = "rate", fields.reply = "450 4.7.1 Too many", fields.account = {};
  CHECK(parse_ledger_line(line(events::recipient_refused, fields)));
  fields.account = "b@here.example";
  CHECK(!parse_ledger_line(line(events::recipient_refused, fields)));
  fields.account = {};
  for (const auto* rule : {"quota", "hold", "account_rules"}) {  // no fault of the sender
    fields.rule = rule;
    CHECK(!parse_ledger_line(line(events::recipient_refused, fields)));
  }
}

TEST_CASE("other lines say nothing") {
  const telemetry::Fields whole{.sender = "a@a.example", .recipient = "b@here.example", .client = "192.0.2.7", .reply = "450 4.7.1 x", .rule = "s25r"};
  auto no_rule = whole, no_client = whole, no_reply = whole, odd_reply = whole;
  no_rule.rule = {}, no_client.client = {}, no_reply.reply = {}, odd_reply.reply = "250 fine";
  for (const auto& fields : {no_rule, no_client, no_reply, odd_reply}) CHECK(!parse_ledger_line(line(events::recipient_refused, fields)));
  CHECK(!parse_ledger_line(line(events::rule_found, whole)));
  CHECK(!parse_ledger_line(line(events::mail_refused, whole)));
  auto good = line(events::recipient_refused, whole);
  CHECK(parse_ledger_line(good));
  CHECK(!parse_ledger_line(good.substr(0, good.size() - 1)));
  CHECK(!parse_ledger_line(good.substr(1)));
  CHECK(!parse_ledger_line(""));
  // A sender who writes the event's name into his address is not an event.
  auto forged = whole;
  forged.sender = "\"event\":\"mail.accepted\"";
  CHECK(!parse_ledger_line(line(events::rule_found, forged)));
  good.replace(good.find("+"), 1, "x");
  CHECK(!parse_ledger_line(good));
}
