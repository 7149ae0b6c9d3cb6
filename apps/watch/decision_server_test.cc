#include "apps/watch/decision_server.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::apps;
using refusals::Decision;
using refusals::DecisionReply;

TEST_CASE("the link is the last part of the target") {
  CHECK(link_of("/refusals/AbC-_9") == "AbC-_9");
  CHECK(link_of("/mail/refusals/AbC?x=/y") == "AbC");
  for (const auto* target : {"", "/", "x", "/refusals/", "/refusals/a.b", "/refusals/a%20b", "/refusals/a;b", "*"}) CHECK_MESSAGE(link_of(target).empty(), target);
}

TEST_CASE("only the two buttons decide") {
  CHECK(decision_of("decision=allow") == Decision::Allow);
  CHECK(decision_of("decision=deny") == Decision::Deny);
  for (const auto* body : {"", "decision=", "decision", "decision=Allow", "decision=allow&decision=deny", "x=1&decision=allow", " decision=allow", "decision=allow\n"}) CHECK_MESSAGE(!decision_of(body), body);
}

TEST_CASE("strangers' words are text on the page, and only an open link has buttons") {
  DecisionReply reply{DecisionReply::State::Open, {"192.0.2.0/24", "\"><script>x</script>@a.example", "b'&@here.example\r\n", {}}, {}};
  const auto open = decision_page(reply, PageLanguage::English);
  CHECK(open.find("<script>") == std::string::npos);
  CHECK(open.find("&quot;&gt;&lt;script&gt;") != std::string::npos);
  CHECK(open.find("b&#39;&amp;@here.example??") != std::string::npos);
  CHECK(open.find("<button") != std::string::npos);
  for (const auto state : {DecisionReply::State::Decided, DecisionReply::State::Expired, DecisionReply::State::Forged, DecisionReply::State::Trouble}) {
    reply.state = state, reply.decision = Decision::Allow;
    const auto page = decision_page(reply, PageLanguage::Japanese);
    CHECK(page.find("<button") == std::string::npos);
    CHECK((page.find("192.0.2.0/24") != std::string::npos) == (state == DecisionReply::State::Decided));
  }
}
