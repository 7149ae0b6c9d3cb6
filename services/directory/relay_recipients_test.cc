#include "services/directory/relay_recipients.h"

#include "services/directory/test_directory.h"

namespace hikyaku::directory {
namespace {

TEST_CASE("a list of recipients is one address a row") {
  const auto parsed = parse_relay_recipients("\xef\xbb\xbf# exported\nTaro@Inner.Example\r\nhanako@inner.example\tOK\ntaro@inner.example x\n\n", "inner.example");
  CHECK(parsed.addresses == std::vector<std::string>{"hanako@inner.example", "taro@inner.example"});
  CHECK(parsed.bad.empty());
}

TEST_CASE("what is no recipient of the domain is named with its line") {
  const std::string_view rows[] = {"@inner.example OK", "*@inner.example", "sales*@inner.example", "taro", "taro@", "@", "taro@other.example", "taro@inner.example.",
                                   " taro@inner.example", "\ttaro@inner.example", "<taro@inner.example>", "taro@inner.example,hanako@inner.example", "a b@inner.example x@y",
                                   "\"taro\"@inner.example", "taro@sub.inner.example", "/^taro@inner.example$/ OK"};
  for (const auto row : rows) {
    CAPTURE(row);
    const auto parsed = parse_relay_recipients("good@inner.example\n" + std::string(row) + "\n", "inner.example");
    CHECK(parsed.addresses == std::vector<std::string>{"good@inner.example"});
    REQUIRE(parsed.bad.size() == 1);
    CHECK(parsed.bad[0].line == 2);
    CHECK(parsed.bad[0].why.size() > 20);
  }
}

TEST_CASE("a list is edited, and goes with its domain") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.domain("inner.example", DomainKind::Relay);
  auto& editor = rig.editor;
  const WallTime now{std::chrono::seconds{1'800'000'000}};
  using Run = Editor::Run;
  const auto add = [&](std::string_view domain, std::vector<std::string> who, std::string source = "hr", Run run = Run::Really) {
    return editor.add_relay_recipients(domain, who, source, now, run);
  };
  CHECK(fails(add("nowhere.example", {"x@nowhere.example"}), DirectoryFailure::NotFound));
  CHECK(fails(add("a.example", {"x@a.example"}), DirectoryFailure::BadValue));
  CHECK(fails(add("inner.example", {"x@a.example"}), DirectoryFailure::BadValue));
  CHECK(fails(add("inner.example", {"x@inner.example"}, ""), DirectoryFailure::BadValue));
  CHECK(fails(editor.set_recipient_check("a.example", RecipientCheck::List), DirectoryFailure::BadValue));
  CHECK(fails(editor.set_recipient_check("nowhere.example", RecipientCheck::Ask), DirectoryFailure::NotFound));
  CHECK_MESSAGE(fails(editor.set_recipient_check("inner.example", RecipientCheck::List), DirectoryFailure::BadValue), "an empty list would refuse everybody");

  REQUIRE(add("inner.example", {"taro@inner.example", "hanako@inner.example"}, "hr", Run::Dry));
  CHECK(rig.snapshot()->contents().relay_recipients.empty());
  const auto added = add("inner.example", {"Taro@inner.example", "hanako@inner.example"});
  REQUIRE_MESSAGE(added, why(added));
  CHECK(added->added == 2);
  CHECK(add("inner.example", {"taro@inner.example"})->unchanged.size() == 1);
  REQUIRE(editor.set_recipient_check("inner.example", RecipientCheck::List));
  const auto snapshot = rig.snapshot();
  CHECK(snapshot->domain("inner.example")->recipients == RecipientCheck::List);
  for (const auto* listed : {"taro@inner.example", "TARO@INNER.example", "taro+news@inner.example"}) CHECK_MESSAGE(snapshot->is_relay_recipient(at(listed)), listed);
  for (const auto* other : {"jiro@inner.example", "taro@a.example", "tar@inner.example", "tarox@inner.example", "+taro@inner.example", "jiro+taro@inner.example", "taro@xinner.example"})
    CHECK_MESSAGE(!snapshot->is_relay_recipient(at(other)), other);
  CHECK(snapshot->contents().relay_recipients[1].source == "hr");

  CHECK(*editor.remove_relay_recipients("inner.example", [](const RelayRecipient& one) { return one.source == "other"; }) == 0);
  CHECK_MESSAGE(fails(editor.remove_relay_recipients("inner.example", [](const auto&) { return true; }), DirectoryFailure::InUse), "the last go only when the list does not count");
  REQUIRE(editor.set_recipient_check("inner.example", RecipientCheck::Any));
  CHECK(*editor.remove_relay_recipients("inner.example", [](const auto& one) { return one.local_part == "taro"; }) == 1);
  REQUIRE(editor.remove_domain("inner.example"));
  CHECK(rig.snapshot()->contents().relay_recipients.empty());
}

TEST_CASE("who is on two lists is there until both have let him go") {
  DirectoryRig rig;
  rig.domain("inner.example", DomainKind::Relay);
  auto& editor = rig.editor;
  const WallTime now{std::chrono::seconds{1'800'000'000}};
  const auto add = [&](std::vector<std::string> who, std::string source) { return editor.add_relay_recipients("inner.example", who, source, now); };
  const auto forget = [&](std::string_view source, Editor::Run run = Editor::Run::Really) {
    const auto removed = editor.remove_relay_recipients("inner.example", [&](const RelayRecipient& one) { return one.source == source; }, run);
    REQUIRE_MESSAGE(removed, why(removed));
    return *removed;
  };
  const auto listed = [&](const char* who) { return rig.snapshot()->is_relay_recipient(at(who)); };
  REQUIRE(add({"taro@inner.example", "hanako@inner.example", "ta@inner.example"}, "hr"));
  const auto crm = add({"taro@inner.example", "jiro@inner.example"}, "crm");
  REQUIRE(crm);
  CHECK(crm->added == 2);
  CHECK(add({"taro@inner.example"}, "hr")->unchanged.size() == 1);
  CHECK(add({"taro@inner.example"}, "crm")->unchanged.size() == 1);
  CHECK(rig.snapshot()->relay_recipients("inner.example").size() == 5);
  REQUIRE(editor.set_recipient_check("inner.example", RecipientCheck::List));
  CHECK(forget("crm", Editor::Run::Dry) == 2);
  CHECK(forget("crm") == 2);
  CHECK(listed("taro@inner.example"));
  CHECK_FALSE(listed("jiro@inner.example"));
  REQUIRE(add({"taro@inner.example"}, "crm"));
  CHECK(forget("hr") == 3);
  CHECK(listed("taro@inner.example"));
  CHECK_FALSE(listed("hanako@inner.example"));
  CHECK_FALSE(listed("ta@inner.example"));
  CHECK(rig.snapshot()->contents().relay_recipients == std::vector<RelayRecipient>{{"inner.example", "taro", "crm", now}});
  REQUIRE(editor.set_recipient_check("inner.example", RecipientCheck::Any));
  REQUIRE(add({"taro@inner.example"}, "hr"));
  CHECK(*editor.remove_relay_recipients("inner.example", [](const RelayRecipient& one) { return one.local_part == "taro"; }) == 2);
  CHECK_FALSE(listed("taro@inner.example"));
}

TEST_CASE("thousands go in several commits, each whole") {
  DirectoryRig rig;
  rig.domain("inner.example", DomainKind::Relay);
  std::vector<std::string> all;
  for (int i = 0; i < 4'500; ++i) all.push_back("u" + std::to_string(i) + "@inner.example");
  for (const auto* source : {"a", "b"}) REQUIRE(rig.editor.add_relay_recipients("inner.example", all, source, {}));
  const auto of = [](std::string_view source) { return [source](const RelayRecipient& one) { return one.source == source; }; };
  CHECK(*rig.editor.remove_relay_recipients("inner.example", of("a")) == 4'500);
  CHECK(rig.snapshot()->relay_recipients("inner.example").size() == 4'500);
  CHECK(*rig.editor.remove_relay_recipients("inner.example", of("b")) == 4'500);
  CHECK(rig.snapshot()->relay_recipients("inner.example").empty());
}

}  // namespace
}  // namespace hikyaku::directory
