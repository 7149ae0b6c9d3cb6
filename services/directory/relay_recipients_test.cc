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

}  // namespace
}  // namespace hikyaku::directory
