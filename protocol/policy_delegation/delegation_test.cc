#include "protocol/policy_delegation/delegation.h"

#include <doctest/doctest.h>

using namespace hikyaku::policy_delegation;
using Kind = Action::Kind;

TEST_CASE("a request is lines and an empty one, and no value makes another line") {
  CHECK(request_text({{"request", "smtpd_access_policy"}, {"helo_name", "a\nsender=x\r"}, {"sender", ""}}) == "request=smtpd_access_policy\nhelo_name=a?sender=x?\nsender=\n\n");
  CHECK(request_text({{"a", std::string(2'000, 'x')}}).size() == 1'004);
}

TEST_CASE("each action") {
  struct Row {
    std::string_view words;
    Kind kind;
    std::string_view reply, text;
  };
  const Row rows[] = {
      {"DUNNO", Kind::Dunno, "", ""},
      {"dunno", Kind::Dunno, "", ""},
      {"DUNNO with words", Kind::Dunno, "", ""},
      {"OK", Kind::Permit, "", ""},
      {"1", Kind::Permit, "", ""},
      {"5500", Kind::Permit, "", ""},  // access(5): all digits is OK
      {"REJECT", Kind::Refuse, "554 5.7.1 Refused by the receiver's policy", ""},
      {"REJECT 5.7.23 SPF fail", Kind::Refuse, "554 5.7.23 SPF fail", ""},
      {"550 5.7.23 Message rejected due to: SPF fail", Kind::Refuse, "550 5.7.23 Message rejected due to: SPF fail", ""},
      {"550", Kind::Refuse, "550 5.7.1 Refused by the receiver's policy", ""},
      {"550 4.7.1 odd", Kind::Refuse, "550 5.7.1 4.7.1 odd", ""},
      {"DEFER later", Kind::Defer, "450 4.7.1 later", ""},
      {"DEFER_IF_PERMIT Greylisted, see http://postgrey.example/", Kind::Defer, "450 4.7.1 Greylisted, see http://postgrey.example/", ""},
      {"451 4.3.0 x", Kind::Defer, "451 4.3.0 x", ""},
      {"DEFER_IF_REJECT x", Kind::Dunno, "", ""},
      {"PREPEND Received-SPF: Pass (x)", Kind::Prepend, "", "Received-SPF: Pass (x)"},
      {"PREPEND X: a\x01\x02", Kind::Prepend, "", "X: a??"},
      {"WARN looks odd", Kind::Dunno, "", "looks odd"},
      {"INFO hm", Kind::Dunno, "", "hm"},
      {"HOLD why", Kind::Hold, "", "why"},
      {"DISCARD", Kind::Discard, "", ""},
      {"FILTER smtp:[127.0.0.1]:10025", Kind::NotForUs, "", "FILTER smtp:[127.0.0.1]:10025"},
      {"REDIRECT a@b.example", Kind::NotForUs, "", "REDIRECT a@b.example"},
  };
  for (const auto& row : rows) {
    const auto action = parse_action(row.words);
    REQUIRE(action);
    CHECK(action->kind == row.kind);
    CHECK((action->reply.code == 0 ? "" : action->reply.line()) == row.reply);
    CHECK(action->text == row.text);
  }
  for (const auto* words : {"", " ", "REJECTED", "permit_mynetworks", "4x0", "-1", "OKAY", "action=OK"}) CHECK_FALSE(parse_action(words));
}

TEST_CASE("an answer ends with an empty line, and one that never ends has failed") {
  const auto read = [](std::string_view octets) {
    ReplyReader reader;
    for (const char octet : octets) reader.receive({&octet, 1});
    return reader;
  };
  CHECK(read("action=DUNNO\n\n").action() == "DUNNO");
  CHECK(read("action=DUNNO\r\n\r\n").is_clean());
  CHECK(read("x=y\naction=OK\naction=REJECT\n\n").action() == "OK");
  CHECK(read("action=OK\n").state() == ReplyReader::State::Reading);
  CHECK(read("\n").state() == ReplyReader::State::Failed);
  CHECK(read("nonsense\n\n").state() == ReplyReader::State::Failed);
  CHECK(read("Action=OK\n\n").state() == ReplyReader::State::Failed);
  CHECK(read(std::string(most_reply_octets + 1, 'x')).state() == ReplyReader::State::Failed);
  ReplyReader two;
  two.receive("action=OK\n\naction=REJECT\n\n");
  CHECK(two.action() == "OK");
  CHECK_FALSE(two.is_clean());
}
