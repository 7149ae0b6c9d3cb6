#include "services/directory/account_rules.h"

#include "services/directory/test_directory.h"

namespace hikyaku::directory {
namespace {

ReversePath from(std::string_view text) { return text.empty() ? ReversePath{} : ReversePath{at(text)}; }

TEST_CASE("hours have one form, and what is none is refused") {
  CHECK(*normal_hours("mon-FRI 8:00-18:00,  sat 09:00-12:00") == "Mon-Fri 08:00-18:00, Sat 09:00-12:00");
  CHECK(*normal_hours("daily 00:00-24:00") == "daily 00:00-24:00");
  CHECK(*normal_hours("Sun-Sat 22:00-06:00") == "daily 22:00-06:00");
  for (const auto* bad : {"", " ", "Mon", "Mon 8-18", "Mon 08:00", "Mon 08:00-", "Mon 8:0-18:00", "Mon 08:00-08:00", "Mon 24:00-06:00", "Mon 25:00-26:00", "Mon 08:60-18:00", "Mon 08:00-24:01", "Monday 08:00-18:00",
                          "Xyz 08:00-18:00", "Mon- 08:00-18:00", "Mon-Fri08:00-18:00", "08:00-18:00", "Mon 08:00-18:00 Tue 08:00-18:00", "Mon 08:00-18:00,", ",Mon 08:00-18:00", "always"}) {
    CAPTURE(bad);
    CHECK_FALSE(normal_hours(bad));
  }
  std::string many = "Mon 08:00-09:00";
  for (int i = 0; i < 50; ++i) many += ", Tue 08:00-09:00";
  CHECK_FALSE(normal_hours(many));
}

TEST_CASE("a time is within the hours to the minute, over midnight too") {
  constexpr unsigned sunday = 0, monday = 1, friday = 5, saturday = 6;
  const auto minute = [](unsigned hour, unsigned minutes) { return hour * 60 + minutes; };
  const std::string office = "Mon-Fri 08:00-18:00, Sat 09:00-12:00", night = "Fri 22:00-06:00", weekend = "Sat-Mon 00:00-24:00";
  CHECK(in_hours("", {sunday, 0}));
  CHECK(in_hours(office, {monday, minute(8, 0)}));
  CHECK(in_hours(office, {friday, minute(17, 59)}));
  CHECK(in_hours(office, {saturday, minute(11, 59)}));
  for (const TimeOfWeek off : {TimeOfWeek{monday, minute(7, 59)}, {friday, minute(18, 0)}, {saturday, minute(12, 0)}, {sunday, minute(10, 0)}}) CHECK_FALSE(in_hours(office, off));
  CHECK(in_hours(night, {friday, minute(22, 0)}));
  CHECK(in_hours(night, {saturday, minute(5, 59)}));
  for (const TimeOfWeek off : {TimeOfWeek{friday, minute(21, 59)}, {friday, minute(5, 0)}, {saturday, minute(6, 0)}, {saturday, minute(22, 0)}}) CHECK_FALSE(in_hours(night, off));
  CHECK(in_hours(weekend, {sunday, 0}));
  CHECK_FALSE(in_hours(weekend, {2, 0}));
}

TEST_CASE("the first row that matches counts") {
  AccountRules rules;
  rules.from = {{"friend@spam.example", MayPass::Yes}, {"192.0.2.7", MayPass::Yes}, {"192.0.2.0/24", MayPass::No}, {"spam.example", MayPass::No}, {".spam.example", MayPass::No}, {"<>", MayPass::No}};
  struct Row { std::string_view sender, client, refused; };
  for (const auto& [sender, client, refused] : {Row{"a@good.example", "198.51.100.1", ""}, Row{"friend@spam.example", "192.0.2.9", ""}, Row{"FRIEND@SPAM.example", "198.51.100.1", ""}, Row{"a@spam.example", "192.0.2.7", ""},
                                                Row{"a@notspam.example", "198.51.100.1", ""}, Row{"a@good.example", "192.0.2.9", "192.0.2.0/24"}, Row{"a@spam.example", "198.51.100.1", "spam.example"},
                                                Row{"a@x.spam.example", "", ".spam.example"}, Row{"", "198.51.100.1", "<>"}, Row{"", "192.0.2.8", "192.0.2.0/24"}, Row{"friends@spam.example", "", "spam.example"}}) {
    const auto* row = refusing_sender(rules, from(sender), client);
    CAPTURE(sender);
    CAPTURE(client);
    CHECK((row == nullptr ? "" : row->who) == refused);
  }
  rules.from = {{"boss@here.example", MayPass::Yes}, {"*", MayPass::No}};
  CHECK(refusing_sender(rules, from("a@b.example"), "") != nullptr);
  CHECK(refusing_sender(rules, from(""), "") != nullptr);
  CHECK(refusing_sender(rules, from("boss@here.example"), "") == nullptr);

  rules.to = {{"partner.example", MayPass::Yes}, {"*", MayPass::No}};
  CHECK(refusing_destination(rules, at("x@partner.example")) == nullptr);
  for (const auto* forbidden : {"x@sub.partner.example", "x@partner.example.org", "partner.example@other.example"}) CHECK_MESSAGE(refusing_destination(rules, at(forbidden)) != nullptr, forbidden);
  CHECK(refusing_destination({}, at("x@any.example")) == nullptr);
}

TEST_CASE("a pattern has one form") {
  for (const auto& [written, normal] : {std::pair{"*@*.Spam.example", ".spam.example"}, {"*@spam.example", "spam.example"}, {"192.0.2.*", "192.0.2.0/24"}, {"*@*", "*"}}) {
    CHECK(normal_rule_pattern(Direction::In, written) == normal);
    CHECK(normal_rule_pattern(Direction::In, normal) == normal);
  }
  for (const auto* bad : {"*@0", "*@*.7", "0"}) CHECK_FALSE(normal_rule_pattern(Direction::In, bad));
}

TEST_CASE("a personal effect.dat: what has no known meaning is named with its line") {
  const auto parsed = parse_personal_effect("192.168.*.* true\r\n10.0.0.0/8\n*@a.example false\n*@*.b.example false\nx@c.example TRUE\n#<> false\n# a comment\n\n");
  CHECK(parsed.bad.empty());
  CHECK(parsed.rows == std::vector<RuleRow>{{"192.168.0.0/16", MayPass::Yes}, {"10.0.0.0/8", MayPass::Yes}, {"a.example", MayPass::No}, {".b.example", MayPass::No}, {"x@c.example", MayPass::Yes}, {"<>", MayPass::No}});
  for (const auto* bad : {"a.example only", "a.example default", "a.example norelay", "a.example norelay,2", "a.example maybe", "a.example false true", "10.*.1.* true", "10.0.0.0/33 true", "256.1.1.1 false", "/spam/ false", "*x@a.example false",
                          "x@ false", "@a.example@ false", "#blank false", "a b.example"}) {
    CAPTURE(bad);
    const auto one = parse_personal_effect("good.example false\n" + std::string(bad));
    CHECK(one.rows.size() == 1);
    REQUIRE(one.bad.size() == 1);
    CHECK(one.bad[0].line == 2);
  }
}

TEST_CASE("a sender.dat must say what becomes of everybody else") {
  const auto parsed = parse_sender_dat("*@partner.example,0\n*@*.rival.example , -1\nx@b.example,-1\n*,0\n");
  CHECK(parsed.bad.empty());
  CHECK(parsed.rows == std::vector<RuleRow>{{"partner.example", MayPass::Yes}, {".rival.example", MayPass::No}, {"x@b.example", MayPass::No}, {"*", MayPass::Yes}});
  CHECK(parse_sender_dat("").bad.empty());
  const auto open = parse_sender_dat("*@partner.example,0\n");
  REQUIRE(open.bad.size() == 1);
  CHECK(open.bad[0].line == 1);
  for (const auto* bad : {"*@a.example", "*@a.example,1", "*@a.example,", "*@a.example,0,0", "*@a.example 0", ",0", "<>,0", "a*@b.example,0", "*@,0", "192.0.2.1,0"}) {
    CAPTURE(bad);
    CHECK(parse_sender_dat(std::string(bad) + "\n*,0\n").bad.size() == 1);
  }
}

TEST_CASE("a permitfrom.txt") {
  const auto parsed = parse_permitfrom("*@a.example\nx@b.example\n# c\n\nnonsense\n*\na b@c.example\n");
  CHECK(parsed.patterns.size() == 2);
  CHECK(parsed.bad.size() == 3);
}

TEST_CASE("rules are edited, and go with their account") {
  DirectoryRig rig;
  rig.domain("a.example");
  const auto taro = rig.add("taro@a.example");
  AccountRules rules;
  rules.to = {{"*", MayPass::No}};
  rules.hours_out = "daily 08:00-18:00";
  rules.most_recipients = 5;
  CHECK(fails(rig.editor.set_account_rules("nobody@a.example", rules), DirectoryFailure::NotFound));
  AccountRules bad = rules;
  bad.hours_in = "whenever";
  CHECK(fails(rig.editor.set_account_rules("taro@a.example", bad), DirectoryFailure::BadValue));
  bad = rules;
  bad.from = {{"a b", MayPass::No}};
  CHECK(fails(rig.editor.set_account_rules("taro@a.example", bad), DirectoryFailure::BadValue));
  bad.from.assign(most_rule_rows + 1, {"a.example", MayPass::No});
  CHECK(fails(rig.editor.set_account_rules("taro@a.example", bad), DirectoryFailure::BadValue));
  REQUIRE(rig.editor.set_account_rules("taro@a.example", rules, Editor::Run::Dry));
  CHECK(rig.snapshot()->account_rules(taro) == nullptr);
  REQUIRE(rig.editor.set_account_rules("taro@a.example", rules));
  REQUIRE(rig.editor.set_account_rules("*", rules));
  const auto snapshot = rig.snapshot();
  REQUIRE(snapshot->account_rules(taro) != nullptr);
  CHECK(snapshot->account_rules(taro)->to == rules.to);
  CHECK(snapshot->account_rules(taro)->hours_out == rules.hours_out);
  CHECK(snapshot->account_rules(AccountId{}) != nullptr);
  REQUIRE(rig.editor.set_account_rules("*", AccountRules{}));  // says nothing: it goes
  CHECK(rig.snapshot()->account_rules(AccountId{}) == nullptr);
  REQUIRE(rig.editor.remove_account("taro@a.example"));
  CHECK(rig.snapshot()->contents().account_rules.empty());
}

}  // namespace
}  // namespace hikyaku::directory
