#include "services/delivery/hold_proposals.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

const WallTime noon{1'700'000'000s};

void falls_silent(Scheduler& scheduler, const std::string& key) {
  std::vector<RemoteJob> untried;
  CHECK(scheduler.session_failed(key, {0, AttemptResult::Failed, FailureClass::ConnectionRefused, "4.4.1", "", "Connection refused", key, ""}, noon, 0, untried) == Scheduler::Setback::Down);
}

TEST_CASE("an automatic hold is of the route, without an end, and says why in one line") {
  const HoldProposal proposal{"host:gw.example:25", noon, 7, "connect:\r\n\x01refused" + std::string(900, 'x')};
  const auto hold = automatic_hold(proposal, noon + 1h);
  CHECK(hold.scope == directory::HoldScope::Route);
  CHECK(hold.pattern == "gw.example");
  CHECK(hold.owner == automatic_hold_owner);
  CHECK(hold.action == directory::HoldAction::Keep);
  CHECK(hold.end == WallTime::max());
  CHECK(hold.reason.starts_with("No answer since 20"));
  CHECK(hold.reason.find_first_of("\r\n\x01") == std::string::npos);
  CHECK(directory::why_no_hold(hold) == "");
  CHECK(directory::selects_all_of(hold, proposal.destination));
  CHECK_FALSE(directory::selects_all_of(hold, "host:other.example:25"));
}

}  // namespace

TEST_CASE("a host of the route table that is silent for long is proposed, nothing else") {
  Scheduler scheduler;
  scheduler.configure({});
  falls_silent(scheduler, "host:gw.example:25");
  falls_silent(scheduler, "mx:far.example");
  scheduler.session_opened("host:well.example:25", noon);
  CHECK(propose_holds(scheduler, 1h, noon + 59min).empty());
  CHECK(propose_holds(scheduler, 0h, noon + 9h).empty());
  const auto proposals = propose_holds(scheduler, 1h, noon + 1h);
  REQUIRE(proposals.size() == 1);
  CHECK(proposals.front().destination == "host:gw.example:25");
  CHECK(proposals.front().words == "Connection refused");
  CHECK(proposals.front().silent_since == noon);
  scheduler.hold("host:gw.example:25", noon + 1h, noon + 9h, "disk exchange");
  CHECK(propose_holds(scheduler, 1h, noon + 2h).empty());
}

TEST_CASE("the host a proposal names") {
  CHECK(proposed_host({"host:gw.example:25", {}, 0, {}}) == "gw.example");
  CHECK(proposed_host({"host:gw1.example:25 gw2.example:25;tls=required", {}, 0, {}}) == "gw1.example");
  CHECK(proposed_host({"host:2001:db8::1:25", {}, 0, {}}) == "2001:db8::1");
  CHECK(proposed_host({"", {}, 0, {}}).empty());
}

TEST_CASE("proposals are read as they were written, and anything else as none") {
  const std::vector<HoldProposal> proposals{{"host:gw.example:25", noon, 12, "refused"}, {"host:b:26", noon + 1h, 0, ""}};
  const auto octets = encode(proposals);
  CHECK(decode_proposals(octets) == proposals);
  CHECK(decode_proposals(encode(std::vector<HoldProposal>{})).empty());
  for (std::size_t cut = 0; cut < octets.size(); ++cut) CHECK(decode_proposals(std::string_view(octets).substr(0, cut)).empty());
  CHECK(decode_proposals(octets + "x").empty());
  CHECK(decode_proposals("\x02" + octets.substr(1)).empty());
}
