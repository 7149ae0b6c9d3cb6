#include "services/refusals/decision_protocol.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::refusals;

TEST_CASE("requests and replies come through whole, and cut ones not at all") {
  const DecisionRequest request{"a-link", Decision::Deny};
  const auto sent = encode(request);
  REQUIRE(decode_decision_request(sent));
  CHECK(decode_decision_request(sent)->link == "a-link");
  CHECK(decode_decision_request(sent)->decision == Decision::Deny);
  CHECK(!decode_decision_request(encode(DecisionRequest{"x", {}}))->decision);
  const DecisionReply reply{DecisionReply::State::Decided, {"192.0.2.0/24", "a@a.example", "b@here.example", WallTime{std::chrono::seconds{1'800'000'000}}}, Decision::Allow};
  const auto answered = encode(reply);
  REQUIRE(decode_decision_reply(answered));
  CHECK(decode_decision_reply(answered)->subject == reply.subject);
  CHECK(decode_decision_reply(answered)->decision == Decision::Allow);
  for (std::size_t n = 0; n < sent.size(); ++n) CHECK(!decode_decision_request(sent.substr(0, n)));
  for (std::size_t n = 0; n < answered.size(); ++n) CHECK(!decode_decision_reply(answered.substr(0, n)));
  CHECK(!decode_decision_request(sent + "x"));
  CHECK(!decode_decision_reply(answered + "x"));
  CHECK(!decode_decision_request(std::string("\1x\7", 3)));
  CHECK(!decode_decision_reply("\x09" + answered.substr(1)));
}
