#include "services/mailboxes/names.h"
#include "services/mailboxes/test_store.h"

using namespace hikyaku;
using namespace hikyaku::mailboxes;

namespace {

std::string names(Rig& rig) {
  std::string text;
  const auto list = rig.boxes.list(rig.account, soon());
  REQUIRE(list);
  for (const auto& info : *list) text += info.name + (info.selectable ? "" : "(noselect)") + (info.has_children ? "+" : "") + " ";
  return text;
}

}  // namespace

TEST_CASE("a name that cannot be a mailbox is refused, INBOX is known in any case") {
  for (const std::string_view bad : {"", "/", "//", "/a", "a//b", "a//", "a/\x01/b", "a\r\nb", "\xff", "\xc0\xaf", "\xed\xa0\x80",
                                     "\xf5\x80\x80\x80", "a\x7f", "\xe3\x81"})
    CHECK_MESSAGE(fails(normal_name(bad), MailboxFailure::BadName), bad);
  CHECK(fails(normal_name(std::string(401, 'a')), MailboxFailure::BadName));
  std::string deep = "a";
  for (int i = 0; i < 32; ++i) deep += "/a";
  CHECK(fails(normal_name(deep), MailboxFailure::BadName));
  CHECK(*normal_name("inBox") == "INBOX");
  CHECK(*normal_name("inbox/Sub") == "INBOX/Sub");
  CHECK(*normal_name("Inboxes") == "Inboxes");
  CHECK(*normal_name("work/") == "work");
  CHECK(*normal_name("100 %/*new*") == "100 %/*new*");
  CHECK(*normal_name("送信済み/2026年") == "送信済み/2026年");
  CHECK(normal_name(std::string(400, 'a')));
}

TEST_CASE("an account begins with the mailboxes clients look for") {
  Rig rig;
  CHECK(names(rig) == "Archive Drafts INBOX Junk Sent Trash ");
  const auto sent = rig.boxes.find(rig.account, "Sent", soon());
  REQUIRE(sent);
  CHECK(sent->special_use == SpecialUse::Sent);
  CHECK(sent->subscribed);
  CHECK(rig.boxes.create_account(rig.account, soon()));  // again is fine
  rig.check_consistent();
}

TEST_CASE("create makes missing parents, which cannot be selected until created themselves") {
  Rig rig;
  const auto made = rig.boxes.create(rig.account, "a/b/c", SpecialUse::None, soon());
  REQUIRE_MESSAGE(made, why(made));
  CHECK(names(rig) == "Archive Drafts INBOX Junk Sent Trash a(noselect)+ a/b(noselect)+ a/b/c ");
  CHECK(fails(rig.boxes.status(rig.account, rig.box("a/b"), soon()), MailboxFailure::NotSelectable));
  CHECK(fails(rig.boxes.open(rig.account, rig.box("a"), Mailboxes::RecentMessages::Leave, soon()), MailboxFailure::NotSelectable));
  CHECK(fails(rig.boxes.create(rig.account, "a/b/c", SpecialUse::None, soon()), MailboxFailure::AlreadyExists));
  CHECK(fails(rig.boxes.create(rig.account, "inbox", SpecialUse::None, soon()), MailboxFailure::AlreadyExists));
  CHECK(fails(rig.boxes.create(rig.account, "bad//name", SpecialUse::None, soon()), MailboxFailure::BadName));
  CHECK(rig.boxes.create(rig.account, "a", SpecialUse::None, soon()));
  CHECK(rig.boxes.status(rig.account, rig.box("a"), soon()));
  const NewMessage message{.body = "x"};
  CHECK(fails(rig.boxes.append(rig.account, rig.box("a/b"), {&message, 1}, {}, soon()), MailboxFailure::NotSelectable));
}

TEST_CASE("delete keeps the name while there are children, and never INBOX") {
  Rig rig;
  REQUIRE(rig.boxes.create(rig.account, "a/b", SpecialUse::None, soon()));
  CHECK(fails(rig.boxes.remove(rig.account, "a", soon()), MailboxFailure::HasChildren));
  REQUIRE(rig.boxes.create(rig.account, "a", SpecialUse::None, soon()));
  const auto old = rig.box("a");
  rig.append("hello", {}, "a");
  REQUIRE(rig.boxes.remove(rig.account, "a", soon()));
  CHECK(names(rig) == "Archive Drafts INBOX Junk Sent Trash a(noselect)+ a/b ");
  CHECK(fails(rig.boxes.status(rig.account, old, soon()), MailboxFailure::NoSuchMailbox));
  REQUIRE(rig.boxes.remove(rig.account, "a/b", soon()));
  REQUIRE(rig.boxes.remove(rig.account, "a", soon()));
  CHECK(fails(rig.boxes.remove(rig.account, "a", soon()), MailboxFailure::NoSuchMailbox));
  CHECK(fails(rig.boxes.remove(rig.account, "InBoX", soon()), MailboxFailure::Protected));
  CHECK(rig.boxes.usage(rig.account, soon())->messages == 0);
  rig.check_consistent();
}

TEST_CASE("a mailbox made again under an old name has a new UIDVALIDITY") {
  Rig rig;
  const auto first = rig.boxes.create(rig.account, "x", SpecialUse::None, soon());
  REQUIRE(rig.boxes.remove(rig.account, "x", soon()));
  const auto second = rig.boxes.create(rig.account, "x", SpecialUse::None, soon());
  CHECK(first->uid_validity < second->uid_validity);
  CHECK(first->id != second->id);
}

TEST_CASE("rename takes children and subscriptions along") {
  Rig rig;
  REQUIRE(rig.boxes.create(rig.account, "a", SpecialUse::None, soon()));
  REQUIRE(rig.boxes.create(rig.account, "a/b", SpecialUse::None, soon()));
  REQUIRE(rig.boxes.create(rig.account, "ab", SpecialUse::None, soon()));
  REQUIRE(rig.boxes.subscribe(rig.account, "a/b", Mailboxes::Subscription::Yes, soon()));
  const Uid uid = rig.append("kept", {}, "a/b");
  const auto before = rig.boxes.find(rig.account, "a/b", soon());
  REQUIRE(rig.boxes.rename(rig.account, "a", "new/place", soon()));
  CHECK(names(rig) == "Archive Drafts INBOX Junk Sent Trash ab new(noselect)+ new/place+ new/place/b ");
  const auto after = rig.boxes.find(rig.account, "new/place/b", soon());
  REQUIRE(after);
  CHECK(after->uid_validity == before->uid_validity);
  CHECK(after->subscribed);
  CHECK(rig.body("new/place/b", uid) == "kept");
  CHECK(fails(rig.boxes.rename(rig.account, "new/place", "new/place/below", soon()), MailboxFailure::BadName));
  CHECK(fails(rig.boxes.rename(rig.account, "gone", "b", soon()), MailboxFailure::NoSuchMailbox));
  CHECK(fails(rig.boxes.rename(rig.account, "ab", "Sent", soon()), MailboxFailure::AlreadyExists));
  CHECK(fails(rig.boxes.rename(rig.account, "ab", "inbox", soon()), MailboxFailure::AlreadyExists));
  CHECK(fails(rig.boxes.rename(rig.account, "new/place", std::string(399, 'x'), soon()), MailboxFailure::BadName));
  rig.check_consistent();
}

TEST_CASE("renaming INBOX moves its messages and leaves an empty INBOX with its children") {
  Rig rig;
  REQUIRE(rig.boxes.create(rig.account, "INBOX/child", SpecialUse::None, soon()));
  rig.append("one");
  REQUIRE(rig.boxes.rename(rig.account, "INBOX", "old mail", soon()));
  CHECK(rig.uids("INBOX").empty());
  CHECK(rig.uids("old mail") == std::vector<std::uint32_t>{1});
  CHECK(rig.boxes.find(rig.account, "INBOX/child", soon()));
  CHECK(rig.append("two") == Uid{1});
  CHECK(rig.boxes.find(rig.account, "INBOX", soon())->uid_validity != rig.boxes.find(rig.account, "old mail", soon())->uid_validity);
  rig.check_consistent();
}

TEST_CASE("a subscription outlives its mailbox") {
  Rig rig;
  REQUIRE(rig.boxes.create(rig.account, "x", SpecialUse::None, soon()));
  REQUIRE(rig.boxes.subscribe(rig.account, "x", Mailboxes::Subscription::Yes, soon()));
  REQUIRE(rig.boxes.subscribe(rig.account, "never was", Mailboxes::Subscription::Yes, soon()));
  REQUIRE(rig.boxes.remove(rig.account, "x", soon()));
  auto subscriptions = rig.boxes.subscriptions(rig.account, soon());
  CHECK(std::ranges::count(*subscriptions, "x") == 1);
  REQUIRE(rig.boxes.subscribe(rig.account, "x", Mailboxes::Subscription::No, soon()));
  REQUIRE(rig.boxes.subscribe(rig.account, "inbox", Mailboxes::Subscription::No, soon()));
  subscriptions = rig.boxes.subscriptions(rig.account, soon());
  CHECK(*subscriptions == std::vector<std::string>{"Archive", "Drafts", "Junk", "Sent", "Trash", "never was"});
}

TEST_CASE("there is a limit to mailboxes") {
  Rig rig;
  Mailboxes few(rig.engine, rig.clock, {.max_mailboxes = 8});
  CHECK(few.create(rig.account, "a", SpecialUse::None, soon()));
  CHECK(fails(few.create(rig.account, "b/c", SpecialUse::None, soon()), MailboxFailure::LimitReached));
  CHECK(few.create(rig.account, "b", SpecialUse::None, soon()));
  CHECK(fails(few.create(rig.account, "c", SpecialUse::None, soon()), MailboxFailure::LimitReached));
}
