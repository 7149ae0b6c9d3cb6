#include <doctest/doctest.h>

#include "services/policy/access_table.h"
#include "services/policy/judge.h"
#include "services/policy/sender_rules.h"
#include "services/policy/test_zone.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using testing::TestZone;
using Verdict = Finding::Verdict;

namespace {

struct Rig {
  TestZone zone;
  GreylistMemory memory;
  Config config;
  Attempt attempt{.client = *io::IpAddress::parse("192.0.2.7"), .helo = "mail.sender.example", .our_name = "mx.here.example",
                  .reverse_path = {{"a", "sender.example"}}, .recipient = {"b", "here.example"}, .now = WallTime{std::chrono::days{20'000}}};

  Rig() { named("mail.sender.example"); }
  void set(RuleId rule, Mode mode) { config.modes[static_cast<std::size_t>(rule)] = mode; }
  void named(const std::string& name) {
    zone.put(RecordType::Ptr, "7.2.0.192.in-addr.arpa", {name});
    zone.put(RecordType::A, name, {"192.0.2.7"});
  }
  Judgement run() {
    return zone.until_known([&](Answers& answers) -> std::optional<Judgement> {
      auto judgement = judge(attempt, config, [this](const GreylistKey& key, WallTime now) { return memory.look(key, now); }, answers);
      if (!judgement.complete) {
        REQUIRE(answers.wants());
        return std::nullopt;
      }
      return judgement;
    });
  }
  // "rule verdict code", or "none"
  std::string decided() {
    const auto judgement = run();
    if (!judgement.decided_by) return "none";
    const auto& finding = judgement.findings[*judgement.decided_by];
    return std::string(entry_of(finding.rule).name) + " " + std::to_string(finding.reply.code) + " " + finding.reply.enhanced.text();
  }
};

}  // namespace

TEST_CASE("with every rule off nothing is asked and nobody refused") {
  Rig rig;
  rig.named("unknown");
  CHECK(rig.decided() == "none");
  CHECK(rig.zone.rounds == 0);
}

TEST_CASE("the first enforced rule decides; a rule in shadow is told of and changes nothing") {
  Rig rig;
  rig.config.dnsbl = {*parse_dns_list("bl.example")};
  rig.zone.put(RecordType::A, "7.2.0.192.bl.example", {"127.0.0.4"});
  rig.zone.records.erase({RecordType::Ptr, "7.2.0.192.in-addr.arpa"});
  rig.set(RuleId::Dnsbl, Mode::Shadow);
  rig.set(RuleId::ReverseName, Mode::Enforce);
  const auto judgement = rig.run();
  REQUIRE(judgement.findings.size() == 2);
  CHECK(judgement.findings[0].rule == RuleId::Dnsbl);
  CHECK(judgement.findings[0].evidence == "listed by bl.example (127.0.0.4)");
  CHECK(judgement.verdict == Verdict::Defer);
  CHECK(rig.decided() == "reverse_name 450 4.7.25");
  rig.config.reverse_name = Severity::Refuse;
  CHECK(rig.decided() == "reverse_name 550 5.7.25");
  rig.set(RuleId::Dnsbl, Mode::Enforce);
  CHECK(rig.decided() == "dnsbl 554 5.7.1");
  rig.config.name_rules = true;
  CHECK(rig.run().findings[0].reply.text.ends_with(" [dnsbl]"));
}

TEST_CASE("lists: answers that do not count, servers that fail, good clients") {
  Rig rig;
  rig.set(RuleId::Dnsbl, Mode::Enforce);
  rig.config.dnsbl = {*parse_dns_list("bl.example=127.0.0.2,127.0.0.8/29"), *parse_dns_list("other.example")};
  rig.zone.fail(RecordType::A, "7.2.0.192.other.example");
  rig.zone.put(RecordType::A, "7.2.0.192.bl.example", {"127.0.0.4"});
  CHECK(rig.decided() == "none");
  rig.zone.put(RecordType::A, "7.2.0.192.bl.example", {"127.0.0.4", "127.0.0.9"});
  CHECK(rig.decided() == "dnsbl 554 5.7.1");
  rig.zone.put(RecordType::A, "7.2.0.192.bl.example", {});
  rig.zone.put(RecordType::A, "7.2.0.192.other.example", {"127.255.255.254"});  // "you ask too much"
  CHECK(rig.decided() == "none");
  rig.zone.put(RecordType::A, "7.2.0.192.other.example", {"127.0.0.2"});
  rig.config.dnswl = {*parse_dns_list("wl.example")};
  rig.zone.put(RecordType::A, "7.2.0.192.wl.example", {"127.0.5.1"});
  rig.set(RuleId::Dnswl, Mode::Enforce);
  CHECK(rig.decided() == "none");
  // It vouches for the client, not for whoever the client says sends.
  rig.attempt.sender_is = SenderIs::Ours;
  rig.set(RuleId::LocalSender, Mode::Enforce);
  CHECK(rig.decided() == "local_sender 550 5.7.1");
  for (const auto* wrong : {"", "example", "bl.example=", "bl.example=x", "bl.example=127.0.0.2,", "-.example", "bl.example=127.0.0.9/24"})
    CHECK_MESSAGE(!parse_dns_list(wrong), wrong);
}

TEST_CASE("S25R alone puts off for ever; with greylisting for suspects they may come again, others pass at once") {
  Rig rig;
  rig.set(RuleId::S25r, Mode::Enforce);
  CHECK(rig.decided() == "none");
  rig.named("ppp12345.isp.example");
  CHECK(rig.run().findings[0].evidence == "s25r rule 2: ppp12345.isp.example");
  CHECK(rig.decided() == "s25r 450 4.7.1");
  rig.set(RuleId::Greylist, Mode::Enforce);
  CHECK(rig.decided() == "s25r 450 4.7.1");  // for nobody
  rig.config.greylist = GreylistScope::Suspects;
  const auto first = rig.run();
  REQUIRE(first.decided_by);
  CHECK(first.findings[*first.decided_by].reply.text == "Greylisted, please try again in 1500 seconds");
  rig.memory.tried(*first.greylist, rig.attempt.now);
  rig.attempt.now += 1500s;
  const auto again = rig.run();
  CHECK(!again.decided_by);
  rig.memory.tried(*again.greylist, rig.attempt.now);
  rig.attempt.client = *io::IpAddress::parse("192.0.2.99");  // a neighbour, which has no name at all
  rig.attempt.recipient = {"c", "here.example"};
  rig.set(RuleId::ReverseName, Mode::Enforce);
  CHECK(rig.decided() == "none");
  rig.attempt.client = *io::IpAddress::parse("203.0.113.1");
  CHECK(rig.decided() == "greylist 450 4.7.1");
  // DNS that fails is no reason to let somebody through who never waits.
  rig.zone.fail(RecordType::Ptr, "1.113.0.203.in-addr.arpa");
  CHECK(rig.decided() == "greylist 450 4.7.1");
}

TEST_CASE("taRgrey: only whom the greylist puts off may wait for it instead") {
  Rig rig;
  rig.named("ppp12345.line.example");
  rig.set(RuleId::S25r, Mode::Enforce);
  rig.config.tarpit = 125s;
  CHECK(rig.run().tarpit == 0s);  // plain S25R
  rig.set(RuleId::Greylist, Mode::Shadow);
  rig.config.greylist = GreylistScope::Suspects;
  CHECK(rig.run().tarpit == 0s);
  rig.set(RuleId::Greylist, Mode::Enforce);
  auto judgement = rig.run();
  CHECK(judgement.tarpit == 125s);
  CHECK(judgement.verdict == Verdict::Defer);  // for who does not wait
  REQUIRE(judgement.greylist);
  rig.memory.tried(*judgement.greylist, rig.attempt.now);
  CHECK(rig.run().tarpit == 125s);  // too early, but it may wait now
  rig.memory.stayed(*judgement.greylist, rig.attempt.now);
  CHECK(rig.decided() == "none");
  CHECK(rig.run().tarpit == 0s);
  rig.memory.forget_source(judgement.greylist->source);
  rig.named("mail.sender.example");
  CHECK(rig.run().tarpit == 0s);  // no suspect
  rig.config.tarpit = 0s;
  rig.named("ppp12345.line.example");
  CHECK(rig.run().tarpit == 0s);
}

TEST_CASE("a farm of senders that SPF vouches for is one source") {
  Rig rig;
  rig.set(RuleId::Greylist, Mode::Enforce);
  rig.config.greylist = GreylistScope::Everybody;
  rig.zone.put(RecordType::Txt, "sender.example", {"v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all"});
  const auto first = rig.run();
  REQUIRE(first.greylist);
  CHECK(first.greylist->source == "spf:sender.example");
  rig.memory.tried(*first.greylist, rig.attempt.now);
  rig.attempt.client = *io::IpAddress::parse("198.51.100.3");
  rig.attempt.now += 1500s;
  CHECK(rig.decided() == "none");
  rig.attempt.client = *io::IpAddress::parse("203.0.113.5");  // whom it does not vouch for
  CHECK(rig.run().greylist->source == "203.0.113.0/24");
}

TEST_CASE("senders: SPF, domains that nobody can answer, DNS that fails") {
  Rig rig;
  rig.set(RuleId::SenderDomain, Mode::Enforce);
  CHECK(rig.decided() == "sender_domain 450 4.1.8");
  rig.config.sender_domain = Severity::Refuse;
  CHECK(rig.decided() == "sender_domain 550 5.1.8");
  rig.zone.put(RecordType::Mx, "sender.example", {""});
  CHECK(rig.decided() == "sender_domain 550 5.1.8");  // RFC 7505
  rig.zone.put(RecordType::Mx, "sender.example", {"mx.sender.example"});
  CHECK(rig.decided() == "none");
  rig.zone.records.erase({RecordType::Mx, "sender.example"});
  rig.zone.put(RecordType::Aaaa, "sender.example", {"2001:db8::1"});
  CHECK(rig.decided() == "none");
  rig.zone.fail(RecordType::Mx, "sender.example");
  CHECK(rig.decided() == "sender_domain 450 4.4.3");
  rig.attempt.reverse_path = {};
  CHECK(rig.decided() == "none");

  rig.attempt.reverse_path = {{"a", "sender.example"}};
  rig.set(RuleId::SenderDomain, Mode::Off);
  rig.set(RuleId::Spf, Mode::Enforce);
  CHECK(rig.decided() == "none");
  rig.zone.put(RecordType::Txt, "sender.example", {"v=spf1 -all"});
  CHECK(rig.decided() == "spf 550 5.7.23");
  rig.zone.put(RecordType::Txt, "sender.example", {"v=spf1 ~all"});
  CHECK(rig.decided() == "none");
  rig.zone.fail(RecordType::Txt, "sender.example");
  CHECK(rig.decided() == "spf 451 4.7.24");
}

TEST_CASE("access rows: the most particular one counts, before all rules; a sender who is only claimed is not allowed") {
  using namespace directory;
  Rig rig;
  const auto rows = [&rig](std::vector<AccessRow> all) {
    for (auto& row : all) {
      auto normal = normal_access_pattern(row.who, row.pattern);
      REQUIRE_MESSAGE(normal, row.pattern);
      row.pattern = *normal;
    }
    rig.config.access = std::make_shared<AccessTable>(std::move(all));
  };
  rig.set(RuleId::Access, Mode::Enforce);
  rig.set(RuleId::Dnsbl, Mode::Enforce);
  rig.config.dnsbl = {*parse_dns_list("bl.example")};
  rig.zone.put(RecordType::A, "7.2.0.192.bl.example", {"127.0.0.2"});
  using Who = AccessWho;
  using Do = AccessAction;
  rows({{Who::Client, "192.0.2.0/24", Do::Allow}});
  CHECK(rig.decided() == "none");
  rows({{Who::Client, "192.0.*.*", Do::Allow}, {Who::Client, "192.0.2.0/28", Do::Refuse}});
  CHECK(rig.decided() == "access 554 5.7.1");
  rows({{Who::Client, "192.0.2.7", Do::Allow}, {Who::Client, "192.0.2.0/28", Do::Refuse}});
  CHECK(rig.decided() == "none");
  rows({{Who::Client, "*.Sender.example", Do::Allow}});
  CHECK(rig.decided() == "none");
  rows({{Who::Client, "mail.sender.example", Do::Defer}, {Who::Client, ".sender.example", Do::Allow}});
  CHECK(rig.decided() == "access 450 4.7.1");
  rows({{Who::Client, "/^mail[0-9]*\\.sender/", Do::Allow}});
  CHECK(rig.decided() == "none");
  rig.zone.put(RecordType::A, "mail.sender.example", {"192.0.2.8"});  // it does not lead back any more
  CHECK(rig.decided() == "dnsbl 554 5.7.1");
  rig.named("mail.sender.example");

  rows({{Who::Sender, ".example", Do::Allow}});
  CHECK(rig.decided() == "dnsbl 554 5.7.1");
  rig.zone.put(RecordType::Txt, "sender.example", {"v=spf1 ip4:192.0.2.7 -all"});
  CHECK(rig.decided() == "none");
  rows({{Who::Sender, "a@sender.example", Do::Refuse}, {Who::Sender, "sender.example", Do::Allow}, {Who::Client, "192.0.2.7", Do::Allow}});
  CHECK(rig.decided() == "access 554 5.7.1");
  rows({{Who::Recipient, "B@here.example", Do::Allow}, {Who::Client, "192.0.2.7", Do::Refuse}});
  CHECK(rig.decided() == "none");
  rows({{Who::Recipient, "here.example", Do::Defer}});
  CHECK(rig.decided() == "access 450 4.7.1");
  AccessRow old{Who::Client, "192.0.2.7", Do::Allow};
  old.expires = rig.attempt.now;
  rows({old});
  CHECK(rig.decided() == "dnsbl 554 5.7.1");
}

TEST_CASE("while DNS does not say whether somebody is allowed, nobody is refused for good") {
  using namespace directory;
  Rig rig;
  rig.set(RuleId::Access, Mode::Enforce);
  rig.set(RuleId::Dnswl, Mode::Enforce);
  rig.set(RuleId::Dnsbl, Mode::Enforce);
  rig.config.dnsbl = {*parse_dns_list("bl.example")};
  rig.zone.put(RecordType::A, "7.2.0.192.bl.example", {"127.0.0.2"});
  rig.config.access = std::make_shared<AccessTable>(std::vector<AccessRow>{{AccessWho::Client, ".sender.example", AccessAction::Allow}});
  CHECK(rig.decided() == "none");
  rig.zone.fail(RecordType::Ptr, "7.2.0.192.in-addr.arpa");
  CHECK(rig.decided() == "dnsbl 451 4.4.3");
  rig.config.access = std::make_shared<AccessTable>(std::vector<AccessRow>{{AccessWho::Sender, "sender.example", AccessAction::Allow}});
  CHECK(rig.decided() == "dnsbl 554 5.7.1");
  rig.zone.fail(RecordType::Txt, "sender.example");
  CHECK(rig.decided() == "dnsbl 451 4.4.3");
  rig.config.access = {};
  rig.config.dnswl = {*parse_dns_list("wl.example")};
  rig.zone.fail(RecordType::A, "7.2.0.192.wl.example");
  CHECK(rig.decided() == "dnsbl 451 4.4.3");
}

TEST_CASE("SPF that passes everybody vouches for nobody") {
  for (const auto* by : {"+all", "all", "ip4:0.0.0.0/1", "ip4:10.0.0.0/8", "ip6:2000::/3", "a/8", "mx:x.example/15", "a//16", "a/24//20"})
    CHECK_MESSAGE(!vouches({.outcome = spf::Outcome::Pass, .matched = by}), by);
  for (const auto* by : {"ip4:192.0.2.0/24", "ip4:192.0.2.1", "a", "mx", "include:_spf.a.example", "ip6:2001:db8::/32", "a/24//64", "+ip4:198.18.0.0/16"})
    CHECK_MESSAGE(vouches({.outcome = spf::Outcome::Pass, .matched = by}), by);
  CHECK(!vouches({.outcome = spf::Outcome::SoftFail, .matched = "ip4:192.0.2.1"}));
}

TEST_CASE("of rows for the same the operator's counts, else the strictest") {
  using namespace directory;
  Rig rig;
  rig.set(RuleId::Access, Mode::Enforce);
  const AccessRow mine{AccessWho::Client, "192.0.2.7", AccessAction::Allow}, list{AccessWho::Client, "192.0.2.7", AccessAction::Refuse, "list"}, other{AccessWho::Client, "192.0.2.7", AccessAction::Allow, "other"};
  for (const auto& rows : {std::vector{mine, list}, std::vector{list, mine}}) {
    rig.config.access = std::make_shared<AccessTable>(rows);
    CHECK(rig.decided() == "none");
  }
  for (const auto& rows : {std::vector{other, list}, std::vector{list, other}}) {
    rig.config.access = std::make_shared<AccessTable>(rows);
    CHECK(rig.decided() == "access 554 5.7.1");
  }
}

TEST_CASE("who says in EHLO that it is us is not") {
  Rig rig;
  rig.set(RuleId::HelloName, Mode::Enforce);
  CHECK(rig.decided() == "none");
  rig.attempt.helo = "MX.here.example";
  CHECK(rig.decided() == "hello_name 550 5.7.1");
}

TEST_CASE("SPF is worked out once for a sender, and anew when DNS may say now what it could not") {
  testing::TestZone zone;
  Answers answers;
  Attempt attempt;
  attempt.client = *io::IpAddress::parse("192.0.2.7");
  attempt.helo = "mx.sender.example";
  attempt.reverse_path = {{"a", "sender.example"}};
  const auto outcome = [&] {
    for (;;) {
      if (const auto verdict = spf_verdict(attempt, answers)) return verdict->outcome;
      zone.answer(answers);
    }
  };
  const auto kept = [&] { return answers.spf_of(attempt.reverse_path.text(), attempt.helo); };
  zone.fail(RecordType::Txt, "sender.example");
  CHECK(outcome() == spf::Outcome::TempError);
  REQUIRE(kept() != nullptr);
  CHECK(kept()->outcome == spf::Outcome::TempError);
  zone.put(RecordType::Txt, "sender.example", {"v=spf1 ip4:192.0.2.7 -all"});
  answers.forget_failures();
  CHECK(kept() == nullptr);
  CHECK(outcome() == spf::Outcome::Pass);
  attempt.reverse_path = {{"a", "other.example"}};
  zone.put(RecordType::Txt, "other.example", {"v=spf1 -all"});
  CHECK(kept() == nullptr);
  CHECK(outcome() == spf::Outcome::Fail);
}

TEST_CASE("questions of one session have an end") {
  Answers answers;
  for (std::size_t i = 0; i < Answers::most_questions; ++i) CHECK(answers.ask(RecordType::A, std::to_string(i)) == nullptr);
  const auto* last = answers.ask(RecordType::A, "one more");
  REQUIRE(last);
  CHECK(last->kind == Answer::Kind::Failure);
  CHECK(answers.take_wanted().size() == Answers::most_questions);
}
