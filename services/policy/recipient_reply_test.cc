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
    const char *words, *rule;
  };
  for (const auto& row : {Row{RecipientKind::Local, false, 0, "", ""}, Row{RecipientKind::UnknownUser, true, 550, "5.1.1", "recipient"}, Row{RecipientKind::NotOurs, false, 550, "5.7.1", "relay"},
                          Row{RecipientKind::NotOurs, true, 0, "", ""}, Row{RecipientKind::NotOurs, std::nullopt, 451, "4.3.0", ""}, Row{RecipientKind::Disabled, false, 550, "5.2.1", "recipient"},
                          Row{RecipientKind::MayNotPost, false, 550, "5.7.2", "list"}, Row{RecipientKind::OverQuota, false, 452, "4.2.2", "quota"}, Row{RecipientKind::UnknownDomain, true, 550, "5.1.2", "recipient"}}) {
    const RecipientAnswer found{.kind = row.kind, .version = {}};
    const auto answer = answer_of(found, {.smtp = settings.smtp, .may_relay = row.may_relay});
    CHECK((answer.refusal ? answer.refusal->code : 0) == row.code);
    CHECK(answer.rule == row.rule);
    if (!answer.refusal) continue;
    CHECK(answer.refusal->line().find(row.words) != std::string::npos);
    CHECK(answer.refusal->line().find('[') == std::string::npos);
    const auto named = answer_of(found, {.smtp = settings.smtp, .may_relay = row.may_relay, .name_rules = true});
    CHECK(named.refusal->text.ends_with(" [" + std::string(row.rule) + "]") == (std::string_view(row.rule) != ""));
  }
  CHECK(unknown_to_inner({.smtp = settings.smtp, .name_rules = true}).refusal->line() == "550 5.1.1 No such user here [recipient]");
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
  const auto held = held_back({.kind = RecipientKind::Local, .version = {}, .held = "maintenance"}, {.smtp = settings.smtp, .name_rules = true});
  CHECK(held.refusal->line() == "451 4.3.2 maintenance [hold]");
  CHECK(held.rule == "hold");
  CHECK(!held_back({.kind = RecipientKind::Local, .version = {}}, {.smtp = settings.smtp}).refusal);
}
