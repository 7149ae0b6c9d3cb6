#include "services/filters/rspamd_reply.h"

#include <doctest/doctest.h>

using namespace hikyaku::filters;
using Action = RspamdReply::Action;

TEST_CASE("a reply of rspamd's") {
  const auto reply = parse_rspamd_reply(R"({"is_skipped":false,"score":7.25,"required_score":15.0,"action":"add header","thresholds":{"reject":15.0},
    "symbols":{"SMALL":{"name":"SMALL","score":0.1},"LARGE":{"name":"LARGE","score":-6.5,"options":["x"]}},
    "messages":{"smtp_message":"Try\nagain"},"milter":{"remove_headers":{"X-Spam":0,"X-Old":2},"add_headers":{"X-A":"1","X-B":{"value":"2","order":1},"X-C":["3",{"value":"4","order":0}]},"spam_header":"X-Junk"},
    "dkim-signature":"v=1; a=rsa-sha256;\r\n\tb=x","message-id":"a@b"})");
  REQUIRE(reply);
  CHECK(reply->action == Action::AddHeader);
  CHECK(reply->words == "Try again");
  CHECK(reply->spam_field == "X-Junk");
  CHECK(reply->summary == "score 7.2 of 15.0 (LARGE, SMALL)");
  REQUIRE(reply->edits.size() == 7);
  CHECK(reply->edits[0].kind == HeaderEdit::Kind::Remove);
  CHECK(reply->edits[1].kind == HeaderEdit::Kind::Change);
  CHECK(reply->edits[1].place == 2);
  CHECK(reply->edits[2].kind == HeaderEdit::Kind::Append);
  CHECK(reply->edits[2].value == " 1");
  CHECK(reply->edits[3].kind == HeaderEdit::Kind::Insert);
  CHECK(reply->edits[3].place == 1);
  CHECK(reply->edits[5].place == 0);
  CHECK(reply->edits[6].name == "DKIM-Signature");
}

TEST_CASE("each action, and what is none") {
  const std::pair<std::string_view, Action> rows[] = {{"no action", Action::NoAction}, {"greylist", Action::Greylist}, {"add header", Action::AddHeader}, {"rewrite subject", Action::RewriteSubject},
                                                      {"soft reject", Action::SoftReject}, {"reject", Action::Reject}, {"quarantine", Action::Quarantine}, {"discard", Action::Discard}};
  for (const auto& [name, action] : rows) CHECK(parse_rspamd_reply("{\"action\":\"" + std::string(name) + "\"}")->action == action);
  const std::string deep = "{\"action\":" + std::string(100, '[') + std::string(100, ']') + "}";
  for (const std::string& text : {std::string(), std::string("{}"), std::string("[]"), std::string("null"), std::string("{\"action\":\"reject\""), std::string("{\"action\":7}"), std::string("{\"action\":\"REJECT\"}"),
                                  std::string("{\"error\":\"invalid command\"}"), std::string("<html>"), deep, "{\"action\":\"reject\",\"x\":\"" + std::string(2 << 20, 'x') + "\"}"})
    CHECK_FALSE(parse_rspamd_reply(text));
}

TEST_CASE("what has another kind than it should reads as nothing") {
  const auto reply = parse_rspamd_reply(R"({"action":"reject","score":"7","required_score":null,"symbols":[1],"messages":"x","subject":7,
    "milter":{"remove_headers":{"":0,"a b":0},"add_headers":{"X:":"1","":"2","X-A":7,"X-B":{"order":1},"X-C":[["deep"]]},"spam_header":"a:b"},"dkim-signature":{}})");
  REQUIRE(reply);
  CHECK(reply->score == 0);
  CHECK(reply->words.empty());
  CHECK(reply->edits.size() == 1);  // X-B, empty
  CHECK(reply->spam_field == "X-Spam");
}
