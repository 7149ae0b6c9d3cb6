// The first suggestion for each kind of trouble, and that none is named where there is none.
#include <doctest/doctest.h>

#include "services/delivery/why/diagnosis.h"

namespace hikyaku::delivery {
namespace {

constexpr WallTime now{std::chrono::hours{500'000}};

WhyFacts healthy() {
  WhyFacts facts;
  facts.now = now;
  facts.subject = "a.example", facts.destination = "mx:mx.a.example";
  facts.server = ServerNow{};
  facts.dns = DnsFinding::Fine;
  return facts;
}
WhyFacts failed(FailureClass failure, std::string reply) {
  auto facts = healthy();
  facts.failure = failure, facts.reply = std::move(reply), facts.waiting = 1, facts.attempts = 1;
  facts.next_try = now + std::chrono::minutes{5};
  return facts;
}
Advice first(const WhyFacts& facts) { return diagnose(facts).front().advice; }

TEST_CASE("each class of failure has its advice") {
  struct Row {
    FailureClass failure;
    const char* reply;
    Advice want;
  };
  for (const auto& row : {Row{FailureClass::ConnectionRefused, "connection refused", Advice::PeerDown}, Row{FailureClass::Timeout, "no answer in time", Advice::PeerDown},
                          Row{FailureClass::Unreachable, "no route", Advice::PeerDown}, Row{FailureClass::LineCut, "closed", Advice::PeerDown}, Row{FailureClass::NoAnswer, "-", Advice::PeerDown},
                          Row{FailureClass::Greylisted, "451 4.7.1 Greylisted", Advice::Greylist}, Row{FailureClass::Tls, "no STARTTLS", Advice::Tls},
                          Row{FailureClass::NoDnsAnswer, "no answer", Advice::DnsServers}, Row{FailureClass::Name, "does not exist", Advice::DnsRecords},
                          Row{FailureClass::Policy, "451 4.7.26 unauthenticated", Advice::Policy}, Row{FailureClass::PolicyRefused, "550 5.7.1 bad reputation", Advice::Policy},
                          Row{FailureClass::Refused, "550 5.1.1 User unknown", Advice::Recipient}, Row{FailureClass::Refused, "552 5.2.2 Full", Advice::Mailbox},
                          Row{FailureClass::Refused, "554 5.6.0 No", Advice::PeerRefuses}, Row{FailureClass::Transient, "452 4.2.2 Full", Advice::Mailbox},
                          Row{FailureClass::Transient, "450 later", Advice::PeerSaysLater}}) {
    const auto all = diagnose(failed(row.failure, row.reply));
    CHECK_MESSAGE(all.front().advice == row.want, row.reply << ": " << all.front().english);
    for (const auto& one : all) {
      CHECK(one.english.find('%') == std::string::npos);
      CHECK(one.japanese.find('%') == std::string::npos);
      CHECK(one.english != one.japanese);
    }
  }
}

TEST_CASE("a route that leads nowhere is blamed before DNS and the peer's policy") {
  for (const auto failure : {FailureClass::NoDnsAnswer, FailureClass::Name, FailureClass::PolicyRefused, FailureClass::Refused}) {
    auto facts = failed(failure, "554 5.7.1 Relay access denied");
    CHECK(first(facts) != Advice::Route);
    facts.routed = true;
    CHECK(first(facts) == Advice::Route);
  }
  auto refused = failed(FailureClass::ConnectionRefused, "connection refused");
  refused.routed = true;
  REQUIRE(diagnose(refused).size() == 2);
  CHECK(diagnose(refused)[0].advice == Advice::PeerDown);
  CHECK(diagnose(refused)[1].advice == Advice::Route);
}

TEST_CASE("mail that was given up is told first, and held mail has no next try") {
  auto facts = failed(FailureClass::Transient, "450 later");
  facts.given_up = true, facts.waiting = 0;
  CHECK(diagnose(facts).front().english.find("was given up: 450 later") != std::string::npos);
  facts.failure.reset(), facts.reply = "deleted by operator taro";
  CHECK(diagnose(facts).front().english.find("deleted by operator taro") != std::string::npos);
  facts.place = Place::Timer;  // a later attempt is under way
  CHECK(diagnose(facts).front().english.find("given up") == std::string::npos);
  facts = failed(FailureClass::Transient, "450 later");
  facts.hold = "3 (destination a.example)", facts.hold_id = 3;
  REQUIRE(diagnose(facts).size() == 1);
  CHECK(diagnose(facts).front().advice == Advice::Release);
}

TEST_CASE("who was given up is told with its own reply, behind what still waits") {
  auto facts = failed(FailureClass::Transient, "451 4.2.1 busy");
  facts.given_up = true, facts.given_up_recipient = "b@a.example", facts.given_up_reply = "550 5.1.1 No such user";
  const auto all = diagnose(facts);
  REQUIRE(all.size() == 2);
  CHECK(all[0].advice == Advice::PeerSaysLater);
  CHECK(all[1].english == "b@a.example was given up: 550 5.1.1 No such user");
  CHECK(all[1].japanese.starts_with("b@a.example 宛て"));
  facts.failure = FailureClass::Refused, facts.reply = "550 5.7.9 other words";  // of who waits
  CHECK(diagnose(facts).back().english == "b@a.example was given up: 550 5.1.1 No such user");
}

TEST_CASE("of a domain of ours it is said what it is, and whose mailbox is full") {
  auto facts = healthy();
  facts.destination = "local:a.example", facts.state = DestinationNow{}, facts.days_searched = 7;
  for (const auto known : {Knowledge::Nothing, Knowledge::Untested, Knowledge::Evidence}) {
    facts.state->known = known;
    CHECK(unknown_state_text(facts, false) == "a domain of ours, delivered to mailboxes here");
    CHECK(diagnose(facts).front().english == "Nothing waits for a.example, a domain of ours, delivered to mailboxes here");
  }
  facts.delivered = true;
  CHECK(diagnose(facts).front().english == "Mail for a.example reaches the mailboxes here: the last one was delivered");
  facts.last_tried = now;
  CHECK(unknown_state_text(facts, false).starts_with("a domain of ours, delivered to mailboxes here; the last mail came "));
  facts = failed(FailureClass::Transient, "The mailbox is full.");
  facts.destination = "local:a.example", facts.account = "taro@a.example";
  CHECK(first(facts) == Advice::Mailbox);
  CHECK(diagnose(facts).front().english.starts_with("The mailbox of taro@a.example is full; mail for it is tried again in 5 min"));
  CHECK(diagnose(facts).front().english.find("hikyaku account set taro@a.example --quota") != std::string::npos);
  CHECK(diagnose(facts).front().japanese.find("hikyaku account set taro@a.example --quota") != std::string::npos);
  facts.account.clear();
  CHECK(diagnose(facts).front().english.find("set a.example") == std::string::npos);  // the domain is no account
}

TEST_CASE("a sentence ends once") {
  auto facts = healthy();
  facts.dns = DnsFinding::NoDomain, facts.dns_words = "a.example does not exist.";
  CHECK(diagnose(facts).front().english.find("does not exist. Remedy") != std::string::npos);
  facts = failed(FailureClass::NoDnsAnswer, "no answer");
  facts.dns = DnsFinding::Silent, facts.dns_words = "No server answers.", facts.disk_trouble = "The disk is full.";
  for (const auto& one : diagnose(facts)) CHECK(one.english.find("..") == std::string::npos);
}

TEST_CASE("mail that was sent another way is told of first, unless some waits on its own way all the same") {
  auto facts = healthy();
  facts.redirected = Redirection{"relay.example:25", "taro", now - std::chrono::hours{1}, 0, 12};
  CHECK(first(facts) == Advice::Redirected);
  CHECK(diagnose(facts).front().english.find("to relay.example:25 by taro") != std::string::npos);
  CHECK(diagnose(facts).front().japanese.find("宛先 12 件") != std::string::npos);
  facts = failed(FailureClass::ConnectionRefused, "connection refused");
  facts.redirected = Redirection{"relay.example:25", "taro", now - std::chrono::hours{1}, 0, 12};
  CHECK(first(facts) == Advice::PeerDown);
  CHECK(diagnose(facts).back().advice == Advice::Redirected);
  facts.redirected->hold = 3, facts.redirected->by = "the disk is exchanged";  // new mail goes there, what waits is kept
  CHECK(first(facts) == Advice::Redirected);
  CHECK(diagnose(facts).front().english.find("hikyaku hold release 3") != std::string::npos);
}

TEST_CASE("a destination that nothing is known of is not called healthy") {
  auto facts = healthy();
  CHECK(unknown_state_text(facts, false).empty());  // deliver does not run: no state at all
  facts.state = DestinationNow{};
  facts.days_searched = 7;
  CHECK(unknown_state_text(facts, false) == "nothing is known of it: no mail has gone there in 7 days");
  CHECK(diagnose(facts).front().english.find("no mail has gone there in 7 days") != std::string::npos);
  facts.last_tried = now;
  CHECK(unknown_state_text(facts, true).find("を最後に") != std::string::npos);
  facts.state->known = Knowledge::Untested;
  CHECK(unknown_state_text(facts, false).find("has not answered yet") != std::string::npos);
  facts.state->known = Knowledge::Evidence;
  CHECK(unknown_state_text(facts, false).empty());
  CHECK(diagnose(facts).front().english == "Nothing waits for a.example, and nothing failed lately");
}

TEST_CASE("mail held at its sender's wish waits for its time, whatever else there is; nobody was asked who could be blamed") {
  auto facts = healthy();
  facts.destination = "future-release", facts.place = Place::Timer, facts.waiting = 1, facts.next_try = now + std::chrono::minutes{90};
  facts.failure = FailureClass::Transient, facts.reply = "Held until later, as its sender asked.";
  const auto found = diagnose(facts);
  REQUIRE(found.size() == 1);
  CHECK(found.front().advice == Advice::Wait);
  CHECK(found.front().english.find("released in 90 min") != std::string::npos);
  CHECK(found.front().japanese.find("90 分後") != std::string::npos);
  facts.disk_trouble = "the disk is full";
  CHECK(diagnose(facts).back().advice == Advice::Disk);
  facts.server.reset();
  CHECK(first(facts) == Advice::Start);
}

TEST_CASE("what is ours goes before what is the peer's") {
  auto facts = failed(FailureClass::Timeout, "no answer");
  facts.disk_trouble = "no space left on device";
  CHECK(first(facts) == Advice::Disk);
  facts.hold = "3 (destination a.example)", facts.hold_id = 3;
  CHECK(first(facts) == Advice::Release);
  facts.server.reset();
  CHECK(first(facts) == Advice::Start);
  facts = failed(FailureClass::NoDnsAnswer, "no answer");
  facts.server->dns_trouble_since = now;
  CHECK(first(facts) == Advice::DnsServers);
  facts = failed(FailureClass::NoDnsAnswer, "no answer");
  facts.dns = DnsFinding::NoDomain;
  CHECK(first(facts) == Advice::DnsRecords);
}

TEST_CASE("the limit that binds is named; what waits without a limit is on its way") {
  auto facts = healthy();
  DestinationNow state;
  state.key = facts.destination, state.limit = state.most = 1, state.in_use = 1, state.fresh = 5;
  state.running_longest = Cause::Reply, state.runs_for = std::chrono::seconds{2};
  facts.state = state, facts.waiting = 5;
  CHECK(first(facts) == Advice::Limit);
  facts.state->most = 20;
  CHECK(first(facts) == Advice::Throttled);
  facts.state->runs_for = std::chrono::seconds{30};
  CHECK(first(facts) == Advice::SlowPeer);
  facts.state->running_longest = Cause::Disk, facts.state->limit = 5;
  facts.server->lanes.slots = 1, facts.server->fresh_in_use = 1;
  CHECK(first(facts) == Advice::Slots);
  facts.state->fresh = 0;
  CHECK(first(facts) == Advice::Wait);
  facts.waiting = 0;
  CHECK(first(facts) == Advice::Nothing);
}

TEST_CASE("a missing record is named, the one that the peer speaks of first") {
  auto facts = failed(FailureClass::PolicyRefused, "550 5.7.25 no reverse name for you");
  facts.policy = {{PolicyRecord::Spf, RecordState::Missing, "SPF is missing.", "SPF がない。"}, {PolicyRecord::Dmarc, RecordState::Good, "DMARC is there.", "DMARC はある。"},
                  {PolicyRecord::Ptr, RecordState::Wrong, "PTR is wrong.", "PTR が違う。"}, {PolicyRecord::Helo, RecordState::Unknown, "Unknown.", "不明。"}};
  const auto all = diagnose(facts);
  REQUIRE(all.size() == 2);
  CHECK(all[0].english.starts_with("PTR is wrong."));
  CHECK(all[1].english.starts_with("SPF is missing."));
  facts.policy.erase(facts.policy.begin());
  facts.policy.back().state = RecordState::Good;
  facts.policy[1].state = RecordState::Good;
  CHECK(diagnose(facts).front().english.find("look right") != std::string::npos);
}

TEST_CASE("a delivered message tells what took longest") {
  auto facts = healthy();
  CauseClock clock(now, Cause::Schedule);
  clock.turn(Cause::Reply, now + std::chrono::minutes{5});
  clock.spend(now + std::chrono::minutes{6});
  facts.delivered = true, facts.spent = clock;
  facts.failure = FailureClass::Timeout;  // earlier, and over
  const auto all = diagnose(facts);
  CHECK(all.front().advice == Advice::Nothing);
  CHECK(all.front().english == "Delivered 6 min after it was accepted; 5 min of that: waited for its next try");
  facts.server.reset();  // deliver stopped: no concern of this message
  CHECK(first(facts) == Advice::Nothing);
  facts.disk_trouble = "no space left on device";
  CHECK(first(facts) == Advice::Nothing);
}

TEST_CASE("an address that RCPT refuses is told of before its domain") {
  struct Row {
    AddressTrouble trouble;
    const char* want;
  };
  for (const auto& row : {Row{AddressTrouble::NoAccount, "There is no account, alias or list nobody@a.example here"}, Row{AddressTrouble::ToNobody, "The alias of nobody@a.example leads to nobody"}, Row{AddressTrouble::Disabled, "hikyaku account set nobody@a.example --enabled yes"},
                          Row{AddressTrouble::NotListed, "hikyaku domain recipients add a.example nobody@a.example"}}) {
    auto facts = failed(FailureClass::Transient, "450 later");
    facts.address = "nobody@a.example", facts.address_trouble = row.trouble;
    const auto all = diagnose(facts);
    REQUIRE(all.size() == 2);
    CHECK(all[0].advice == Advice::Recipient);
    CHECK(all[0].english.find(row.want) != std::string::npos);
    CHECK(all[0].japanese.find("nobody@a.example") != std::string::npos);
    CHECK(all[1].advice == Advice::PeerSaysLater);
    facts.server.reset();  // of deliver too
    CHECK(diagnose(facts).front().advice == Advice::Recipient);
    facts.address_trouble = AddressTrouble::None;
    CHECK(diagnose(facts).front().advice == Advice::Start);
  }
}

TEST_CASE("times are told in the unit that fits") {
  CHECK(time_text(std::chrono::milliseconds{1'999}, false) == "1999 ms");
  CHECK(time_text(std::chrono::seconds{2}, false) == "2 s");
  CHECK(time_text(std::chrono::minutes{119}, true) == "119 分");
  CHECK(time_text(std::chrono::hours{47}, false) == "47 h");
  CHECK(time_text(std::chrono::hours{72}, true) == "3 日");
  CHECK(time_text(-std::chrono::hours{1}, false) == "0 ms");
}

}  // namespace
}  // namespace hikyaku::delivery
