#include "services/directory/import_export.h"
#include "services/directory/sender_pattern.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

Editor::NewForward to(std::string account, std::vector<std::string> targets, std::vector<std::string> only_from = {}, KeepCopy keep = KeepCopy::Yes) {
  return {std::move(account), {{}, keep, std::move(targets), std::move(only_from)}};
}

}  // namespace

TEST_CASE("a forward is kept with its account, changed and cleared") {
  DirectoryRig rig;
  rig.domain("a.example");
  const auto ann = rig.add("ann@a.example");
  CHECK(rig.snapshot()->forward(ann) == nullptr);
  REQUIRE(rig.editor.set_forward(to("Ann@a.example", {"x@far.example", "X@far.example", "bob@a.example"}, {"*@Partner.example", "<>"}, KeepCopy::No), Editor::Run::Dry));
  CHECK(rig.snapshot()->forward(ann) == nullptr);
  REQUIRE(rig.editor.set_forward(to("Ann@a.example", {"x@far.example", "X@far.example", "bob@a.example"}, {"*@Partner.example", "<>"}, KeepCopy::No)));
  const auto snapshot = rig.snapshot();
  REQUIRE(snapshot->forward(ann) != nullptr);
  CHECK(*snapshot->forward(ann) == Forward{ann, KeepCopy::No, {"x@far.example", "bob@a.example"}, {"*@partner.example", "<>"}});
  CHECK(fails(rig.editor.clear_forward("nobody@a.example"), DirectoryFailure::NotFound));
  REQUIRE(rig.editor.clear_forward("ann@a.example", Editor::Run::Dry));
  CHECK(rig.snapshot()->forward(ann) != nullptr);
  REQUIRE(rig.editor.clear_forward("ann@a.example"));
  CHECK(rig.snapshot()->forward(ann) == nullptr);
  CHECK(fails(rig.editor.clear_forward("ann@a.example"), DirectoryFailure::NotFound));
}

TEST_CASE("a forward goes with its account") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example");
  REQUIRE(rig.editor.set_forward(to("ann@a.example", {"x@far.example"})));
  REQUIRE(rig.editor.remove_account("ann@a.example"));
  CHECK(rig.snapshot()->contents().forwards.empty());
}

TEST_CASE("forwards that cannot be are refused in words") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example");
  const auto refused = [&](Editor::NewForward forward, DirectoryFailure kind) { return fails(rig.editor.set_forward(forward), kind); };
  CHECK(refused(to("nobody@a.example", {"x@far.example"}), DirectoryFailure::NotFound));
  CHECK(refused(to("ann@a.example", {}), DirectoryFailure::BadValue));
  CHECK(refused(to("ann@a.example", {"nonsense"}), DirectoryFailure::BadValue));
  CHECK(refused(to("ann@a.example", {"*@far.example"}), DirectoryFailure::BadValue));
  CHECK(refused(to("ann@a.example", {"x@far.example,y@far.example"}), DirectoryFailure::BadValue));
  CHECK(refused(to("ann@a.example", {"ANN@a.example"}), DirectoryFailure::BadValue));
  CHECK(refused(to("ann@a.example", {"x@far.example"}, {"partner.example"}), DirectoryFailure::BadValue));
  CHECK(refused(to("ann@a.example", {"x@far.example"}, {"a*@partner.example"}), DirectoryFailure::BadValue));
  std::vector<std::string> many;
  for (int i = 0; i < 101; ++i) many.push_back("u" + std::to_string(i) + "@far.example");
  CHECK(refused(to("ann@a.example", many), DirectoryFailure::BadValue));
  CHECK(rig.snapshot()->contents().forwards.empty());
}

TEST_CASE("sender patterns") {
  for (const auto* text : {"user@a.example", "*@a.example", "*@*.a.example", "<>"}) CHECK_MESSAGE(normal_sender_pattern(text), text);
  for (const auto* text : {"", "*", "a.example", "@a.example", "a*@a.example", "*@*", "*@*.", "*@", "a b@c.example", "<a@b>", "a@b,c@d", "*@a.*", "user@*.a.example"})
    CHECK_MESSAGE(!normal_sender_pattern(text), text);
  const auto names = [](std::vector<std::string> patterns, std::string_view sender) {
    return names_sender(patterns, sender.empty() ? ReversePath{} : ReversePath{at(sender)});
  };
  CHECK(names({"ann@a.example"}, "ANN@A.example"));
  CHECK(names({"x@y.example", "*@a.example"}, "ann@a.example"));
  CHECK(names({"*@*.a.example"}, "ann@b.a.example"));
  CHECK(names({"<>"}, ""));
  CHECK_FALSE(names({"*@a.example"}, ""));
  CHECK_FALSE(names({"*@a.example"}, "ann@b.a.example"));
  CHECK_FALSE(names({"*@a.example"}, "ann@xa.example"));
  CHECK_FALSE(names({"*@*.a.example"}, "ann@a.example"));
  CHECK_FALSE(names({"*@*.a.example"}, "ann@xa.example"));
  CHECK_FALSE(names({"ann@a.example"}, "bann@a.example"));
  CHECK_FALSE(names({}, "ann@a.example"));
}

TEST_CASE("forwards as text, there and back") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("ann@a.example"), rig.add("bob@a.example");
  auto parsed = parse_forwards("\xef\xbb\xbf# account\ttargets\r\nann@a.example\tx@far.example, y@far.example\t0\t*@p.example\r\nbob@a.example\tann@a.example\n"
                               "alone\nann@a.example\tx@far.example\t2\nann@a.example\ta\tb\tc\td\nnobody@a.example\tx@far.example\n");
  CHECK(parsed.bad.size() == 3);
  CHECK(parsed.bad.at(0).line == 4);
  REQUIRE(parsed.forwards.size() == 3);
  const auto dry = rig.editor.set_forwards(parsed.forwards, Editor::Run::Dry);
  REQUIRE(dry);
  CHECK(dry->size() == 1);
  CHECK(rig.snapshot()->contents().forwards.empty());
  const auto rejected = rig.editor.set_forwards(parsed.forwards, Editor::Run::Really);
  REQUIRE(rejected);
  CHECK(rejected->size() == 1);
  CHECK(parsed.lines.at(rejected->front().index) == 7);
  const auto text = print_forwards(*rig.snapshot());
  CHECK(text == "ann@a.example\tx@far.example,y@far.example\t0\t*@p.example\nbob@a.example\tann@a.example\t1\t\n");
  CHECK(parse_forwards(text).bad.empty());
}
