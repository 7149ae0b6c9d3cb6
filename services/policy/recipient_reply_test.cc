#include "services/policy/recipient_reply.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::policy;
using directory::RecipientAnswer;
using directory::RecipientKind;

TEST_CASE("recipient: what RCPT is answered by what the directory knows") {
  const settings::Settings settings;
  struct Row {
    RecipientKind kind;
    std::optional<bool> may_relay;
    int code;  // 0: taken
    const char* words;
  };
  for (const auto& row : {Row{RecipientKind::Local, false, 0, ""}, Row{RecipientKind::UnknownUser, true, 550, "5.1.1"}, Row{RecipientKind::NotOurs, false, 550, "5.7.1"},
                          Row{RecipientKind::NotOurs, true, 0, ""}, Row{RecipientKind::NotOurs, std::nullopt, 451, "4.3.0"}, Row{RecipientKind::Disabled, false, 550, "5.2.1"},
                          Row{RecipientKind::OverQuota, false, 452, "4.2.2"}, Row{RecipientKind::UnknownDomain, true, 550, "5.1.2"}}) {
    const auto answer = answer_of({.kind = row.kind, .version = {}}, {.smtp = settings.smtp, .may_relay = row.may_relay});
    CHECK((answer.refusal ? answer.refusal->code : 0) == row.code);
    if (answer.refusal) CHECK(answer.refusal->line().find(row.words) != std::string::npos);
  }
}

TEST_CASE("recipient: an account's rules, and the postmaster whom none keeps away") {
  const settings::Settings settings;
  const RecipientAnswer ruled{.kind = RecipientKind::Local, .version = {}, .ruled_out = RecipientAnswer::RuledOut::Sender, .ruled_by = "@spam.example"};
  const auto answer = answer_of(ruled, {.smtp = settings.smtp});
  REQUIRE(answer.refusal);
  CHECK(answer.refusal->code == 550);
  CHECK(answer.rule == "account_rules");
  CHECK(answer.evidence == "@spam.example");
  CHECK(!answer_of(ruled, {.smtp = settings.smtp, .always_taken = true}).refusal);
  const RecipientAnswer unlisted{.kind = RecipientKind::Relay, .version = {}, .on_inner = RecipientAnswer::OnInnerServer::NotListed};
  CHECK(answer_of(unlisted, {.smtp = settings.smtp}).refusal);
  CHECK(!answer_of(unlisted, {.smtp = settings.smtp, .always_taken = true}).refusal);
  CHECK(held_back({.kind = RecipientKind::Local, .version = {}, .held = "maintenance"})->code == 451);
}
