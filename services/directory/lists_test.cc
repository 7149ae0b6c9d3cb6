#include "services/directory/import_export.h"
#include "services/directory/mailing_list.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

struct ListRig : DirectoryRig {
  ListRig() {
    domain("a.example"), domain("inner.example", DomainKind::Relay);
    add("ann@a.example"), add("bob@a.example"), add("boss@a.example", Enabled::Yes);
  }
  MailingList make(std::string_view address, Posting posting = Posting::Members, std::vector<std::string> posters = {}) {
    MailingList list;
    list.address = address;
    list.posting = posting;
    list.posters = std::move(posters);
    return list;
  }
  void have(MailingList list, const std::vector<std::string>& members = {}) {
    const auto added = editor.add_list(list);
    REQUIRE_MESSAGE(added, why(added));
    REQUIRE(editor.add_members(list.address, members));
  }
  PostVerdict verdict(std::string_view list, std::string_view sender, SenderIs known = SenderIs::Known) {
    const auto directory = snapshot();
    return judge_post(*directory, *directory->list(at(list)), sender.empty() ? ReversePath{} : ReversePath{at(sender)}, known);
  }
};

}  // namespace

TEST_CASE("a list is kept with its members") {
  ListRig rig;
  auto list = rig.make("Staff@A.example", Posting::Listed, {"*@Partner.example"});
  list.owners = {"boss@a.example"};
  list.subject_prefix = "[staff]";
  list.about = "社内";
  list.reply_to_list = Enabled::Yes;
  REQUIRE(rig.editor.add_list(list, Editor::Run::Dry));
  CHECK(rig.snapshot()->contents().lists.empty());
  rig.have(list, {"bob@a.example", "x@far.example"});
  auto changed = rig.editor.add_members("staff@a.example", {"Ann@a.example", "BOB@a.example"});
  REQUIRE(changed);
  CHECK(changed->added == 1);
  CHECK(changed->unchanged == std::vector<std::string>{"BOB@a.example"});
  list.address = "staff@a.example";
  list.posters = {"*@partner.example"};
  list.members = {"Ann@a.example", "bob@a.example", "x@far.example"};
  CHECK(*rig.snapshot()->list(at("STAFF@a.example")) == list);
  CHECK(is_member(list, at("ANN@a.example")));
  CHECK_FALSE(is_member(list, at("an@a.example")));
  changed = rig.editor.remove_members("staff@a.example", {"ann@a.example", "nobody@a.example"}, Editor::Run::Dry);
  REQUIRE(changed);
  CHECK(changed->removed == 1);
  CHECK(rig.snapshot()->list(at("staff@a.example"))->members.size() == 3);
  REQUIRE(rig.editor.remove_members("staff@a.example", {"ann@a.example"}));
  CHECK(rig.snapshot()->list(at("staff@a.example"))->members == std::vector<std::string>{"bob@a.example", "x@far.example"});
  REQUIRE(rig.editor.change_list("staff@a.example", [](MailingList& one) { one.about = "other"; }));
  CHECK(rig.snapshot()->list(at("staff@a.example"))->members.size() == 2);
  CHECK(rig.snapshot()->list(at("staff@a.example"))->about == "other");
  rig.have(rig.make("staff2@a.example"), {"ann@a.example"});
  REQUIRE(rig.editor.remove_list("staff@a.example"));
  CHECK(rig.snapshot()->contents().lists.size() == 1);
  CHECK(rig.snapshot()->contents().lists.front().members.size() == 1);
}

TEST_CASE("twenty thousand members come and go in steps") {
  ListRig rig;
  std::vector<std::string> members;
  for (int i = 0; i < 20'000; ++i) members.push_back("u" + std::to_string(i) + "@far.example");
  rig.have(rig.make("all@a.example"), members);
  CHECK(rig.snapshot()->list(at("all@a.example"))->members.size() == members.size());
  CHECK(rig.verdict("all@a.example", "u19999@far.example") == PostVerdict::ToMembers);
  const auto removed = rig.editor.remove_members("all@a.example", members);
  REQUIRE(removed);
  CHECK(removed->removed == members.size());
  CHECK(rig.snapshot()->list(at("all@a.example"))->members.empty());
}

TEST_CASE("lists that cannot be are refused in words") {
  ListRig rig;
  rig.alias("info@a.example", {"ann@a.example"});
  rig.have(rig.make("staff@a.example"));
  const auto refused = [&](const MailingList& list, DirectoryFailure kind) { return fails(rig.editor.add_list(list), kind); };
  CHECK(refused(rig.make("staff@a.example"), DirectoryFailure::AlreadyExists));
  CHECK(refused(rig.make("ann@a.example"), DirectoryFailure::AlreadyExists));
  CHECK(refused(rig.make("info@a.example"), DirectoryFailure::AlreadyExists));
  CHECK(refused(rig.make("x@nowhere.example"), DirectoryFailure::NotFound));
  CHECK(refused(rig.make("x@inner.example"), DirectoryFailure::BadValue));
  CHECK(refused(rig.make("nonsense"), DirectoryFailure::BadValue));
  CHECK(refused(rig.make("all*@a.example"), DirectoryFailure::BadValue));
  CHECK(refused(rig.make("x@a.example", Posting::Listed), DirectoryFailure::BadValue));
  CHECK(refused(rig.make("x@a.example", Posting::Moderators), DirectoryFailure::BadValue));
  CHECK(refused(rig.make("x@a.example", Posting::Moderators, {"*@a.example"}), DirectoryFailure::BadValue));
  CHECK(refused(rig.make("x@a.example", Posting::Listed, {"<>"}), DirectoryFailure::BadValue));
  auto list = rig.make("x@a.example");
  list.bounces = "X@a.example";
  CHECK(refused(list, DirectoryFailure::BadValue));
  list.bounces = "nonsense";
  CHECK(refused(list, DirectoryFailure::BadValue));
  list.bounces.clear(), list.owners = {"nonsense"};
  CHECK(refused(list, DirectoryFailure::BadValue));
  list.owners.clear(), list.subject_prefix = "a\nb";
  CHECK(refused(list, DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.add_members("staff@a.example", {"ann@a.example", "nonsense"}), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.add_members("staff@a.example", {"staff@a.example"}), DirectoryFailure::BadValue));
  CHECK(fails(rig.editor.add_members("other@a.example", {"ann@a.example"}), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.remove_list("other@a.example"), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.remove_domain("a.example"), DirectoryFailure::InUse));
  Account account;
  account.address = at("staff@a.example");
  CHECK_FALSE(rig.editor.add_account(account, std::nullopt));
  CHECK_FALSE(rig.editor.add_alias("staff@a.example", {"ann@a.example"}));
}

TEST_CASE("a list's addresses are known") {
  ListRig rig;
  rig.domain("b.example");
  auto list = rig.make("staff@a.example");
  list.owners = {"bob@a.example"};
  rig.have(list), rig.have(rig.make("all@b.example"));
  rig.alias("everybody@a.example", {"staff@a.example", "ann@a.example"});
  const auto found = rig.snapshot()->resolve(at("Staff@a.example"));
  CHECK(found.kind == RecipientKind::Local);
  CHECK(found.lists == std::vector<std::string>{"staff@a.example"});
  CHECK(rig.snapshot()->resolve(at("everybody@a.example")).lists.size() == 1);
  for (const auto* role : {"staff-owner@a.example", "staff-request@a.example", "staff-bounces@a.example"}) {
    const auto owner = rig.snapshot()->resolve(at(role));
    REQUIRE_MESSAGE(owner.local.size() == 1, role);
    CHECK(owner.local.front().address.text() == "bob@a.example");
  }
  // Without an owner the postmaster; an account of the name goes first.
  CHECK(rig.snapshot()->resolve(at("all-owner@b.example")).local.at(0).address.text() == "boss@a.example");
  rig.add("all-owner@b.example");
  CHECK(rig.snapshot()->resolve(at("all-owner@b.example")).local.at(0).address.text() == "all-owner@b.example");
  CHECK(rig.kind("staff-other@a.example") == RecipientKind::UnknownUser);
  CHECK(rig.snapshot()->list_of_bounces(at("staff-bounces@a.example"))->address == "staff@a.example");
}

TEST_CASE("who may post") {
  ListRig rig;
  rig.have(rig.make("open@a.example", Posting::Anyone));
  rig.have(rig.make("members@a.example", Posting::Members, {"*@partner.example"}), {"ann@a.example", "x@far.example", "open@a.example"});
  rig.have(rig.make("listed@a.example", Posting::Listed, {"ann@a.example"}), {"bob@a.example"});
  auto moderated = rig.make("moderated@a.example", Posting::Moderators, {"ann@a.example"});
  moderated.owners = {"boss@a.example"};
  rig.have(moderated, {"bob@a.example"});
  struct Row {
    const char *list, *sender;
    SenderIs known;
    PostVerdict verdict;
  };
  using enum PostVerdict;
  using enum SenderIs;
  for (const auto& row : {Row{"open@a.example", "anybody@far.example", Claimed, ToMembers}, Row{"open@a.example", "", Known, ToOwners},
                          Row{"members@a.example", "ann@a.example", Known, ToMembers}, Row{"members@a.example", "ANN@a.example", Known, ToMembers},
                          Row{"members@a.example", "ann@a.example", Claimed, Refused},  // anybody can say so
                          Row{"members@a.example", "x@far.example", Claimed, ToMembers}, Row{"members@a.example", "bob@a.example", Known, Refused},
                          Row{"members@a.example", "y@partner.example", Claimed, ToMembers}, Row{"members@a.example", "y@far.example", Known, Refused},
                          Row{"members@a.example", "", Known, ToOwners}, Row{"members@a.example", "open-bounces@a.example", Known, ToMembers},
                          Row{"members@a.example", "open-bounces@a.example", Claimed, Refused}, Row{"members@a.example", "listed-bounces@a.example", Known, Refused},
                          Row{"listed@a.example", "ann@a.example", Known, ToMembers}, Row{"listed@a.example", "ann@a.example", Claimed, Refused},
                          Row{"listed@a.example", "bob@a.example", Known, Refused}, Row{"moderated@a.example", "ann@a.example", Known, ToMembers},
                          Row{"moderated@a.example", "boss@a.example", Known, ToMembers}, Row{"moderated@a.example", "ann@a.example", Claimed, ToModerators},
                          Row{"moderated@a.example", "bob@a.example", Known, ToModerators}, Row{"moderated@a.example", "any@far.example", Claimed, ToModerators},
                          Row{"moderated@a.example", "", Claimed, ToOwners}})
    CHECK_MESSAGE(rig.verdict(row.list, row.sender, row.known) == row.verdict, row.list << " " << row.sender);
}

TEST_CASE("who is known") {
  ListRig rig;
  REQUIRE(rig.editor.set_network({"192.0.2.0/24", Enabled::Yes}));
  const auto directory = rig.snapshot();
  CHECK(sender_is(*directory, "ann@a.example", "203.0.113.1") == SenderIs::Known);
  CHECK(sender_is(*directory, "", "192.0.2.9") == SenderIs::Known);
  CHECK(sender_is(*directory, "", "") == SenderIs::Known);
  CHECK(sender_is(*directory, "", "203.0.113.1") == SenderIs::Claimed);
}

TEST_CASE("members as text") {
  const auto parsed = parse_members("# staff\nann@a.example\r\nTaro Yamada <taro@a.example>\n  bob@a.example  \nnonsense\na@b.example,c@d.example\n<x\n\n");
  CHECK(parsed.members == std::vector<std::string>{"ann@a.example", "taro@a.example", "bob@a.example"});
  REQUIRE(parsed.bad.size() == 3);
  CHECK(parsed.bad.front().line == 5);
}
