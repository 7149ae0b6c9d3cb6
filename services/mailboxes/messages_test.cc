#include "services/mailboxes/test_store.h"

using namespace hikyaku;
using namespace hikyaku::mailboxes;

namespace {

Delivery delivery(std::uint64_t sequence, std::string_view body, std::string recipient = "a@x.example", std::string mailbox = "") {
  return {{.body = body, .trace_id = {.node = 1, .journal = 2, .owner = 3, .sequence = sequence}}, std::move(recipient), std::move(mailbox)};
}

using Results = std::vector<MailboxResult<Delivered>>;

Results deliver(Rig& rig, std::vector<Delivery> group, QuotaLimit quota = {}) {
  return rig.boxes.deliver_group(rig.account, group, quota, storage::Durability::Lazy, soon());
}

const Flags seen{Seen, {}}, deleted{Deleted, {}};

}  // namespace

TEST_CASE("mailboxes: forgetting deliveries makes no store for an account that never had one") {
  Rig rig;
  const AccountId nobody{4711};
  REQUIRE(rig.boxes.forget_deliveries(nobody, {.node = 1, .journal = 2, .owner = 3, .sequence = 2}, soon()));
  CHECK(rig.boxes.version(nobody, soon())->value() == 0);
}

TEST_CASE("appended messages get ascending UIDs, their flags and their octets back") {
  Rig rig;
  const NewMessage two[] = {{.body = "first", .flags = {Seen | Flagged, {"$Forwarded", "junk", "JUNK", "not a keyword"}}}, {.body = ""}};
  const auto done = rig.boxes.append(rig.account, rig.box("INBOX"), two, {}, soon());
  REQUIRE_MESSAGE(done, why(done));
  CHECK((*done)[0].uid == Uid{1});
  CHECK((*done)[1].uid == Uid{2});
  CHECK(rig.body("INBOX", Uid{1}) == "first");
  CHECK(rig.body("INBOX", Uid{2}).empty());
  const auto record = rig.boxes.message(rig.account, rig.box("INBOX"), Uid{1}, soon());
  CHECK(record->flags == Flags{Seen | Flagged, {"$Forwarded", "junk"}});
  CHECK(record->uidl.size() == 16);
  const auto snapshot = rig.open("INBOX");
  CHECK(snapshot.status.exists == 2);
  CHECK(snapshot.status.unseen == 1);
  CHECK(snapshot.status.uid_next == Uid{3});
  CHECK(snapshot.keyword_sets[snapshot.entries[0].keywords] == std::vector<std::string>{"$Forwarded", "junk"});
  CHECK(rig.boxes.usage(rig.account, soon())->octets == 5);
  CHECK(fails(rig.boxes.append(rig.account, MailboxId{99}, two, {}, soon()), MailboxFailure::NoSuchMailbox));
  CHECK(fails(rig.boxes.append(rig.account, rig.box("INBOX"), two, {.octets = 9}, soon()), MailboxFailure::OverQuota));
  CHECK(fails(rig.boxes.append(rig.account, rig.box("INBOX"), two, {.messages = 3}, soon()), MailboxFailure::OverQuota));
  CHECK(rig.boxes.append(rig.account, rig.box("INBOX"), two, {.octets = 10, .messages = 4}, soon()));
  rig.check_consistent();
}

TEST_CASE("the status agrees with a snapshot after every kind of change") {
  Rig rig;
  for (int i = 0; i < 5; ++i) rig.append("0123456789");
  const auto box = rig.box("INBOX");
  const Uid some[] = {Uid{2}, Uid{4}};
  REQUIRE(rig.boxes.store_flags(rig.account, box, some, {FlagOperation::Add, {Seen | Deleted, {}}}, soon()));
  REQUIRE(rig.boxes.expunge(rig.account, box, {}, Mailboxes::ExpungeOf::DeletedOnly, soon()));
  const auto status = rig.boxes.status(rig.account, box, soon());
  REQUIRE(status);
  CHECK(status->exists == 3);
  CHECK(status->unseen == 3);
  CHECK(status->deleted == 0);
  CHECK(status->octets == 30);
  CHECK(status->recent == 3);
  CHECK(status->uid_next == Uid{6});
  CHECK(status->highest_modseq == rig.open("INBOX").status.highest_modseq);
}

TEST_CASE("flags are stored, unchanged ones are told apart, UNCHANGEDSINCE is kept") {
  Rig rig;
  const Uid uid = rig.append("x"), other = rig.append("y");
  const auto box = rig.box("INBOX");
  const Uid both[] = {other, uid, uid, Uid{77}};
  auto done = rig.boxes.store_flags(rig.account, box, both, {FlagOperation::Add, {Seen, {"a"}}}, soon());
  REQUIRE_MESSAGE(done, why(done));
  REQUIRE(done->changed.size() == 2);
  CHECK(done->changed[0].uid == uid);
  CHECK(done->changed[0].modseq == done->changed[1].modseq);
  CHECK(done->changed[0].flags == Flags{Seen, {"a"}});
  done = rig.boxes.store_flags(rig.account, box, {&uid, 1}, {FlagOperation::Add, {Seen, {"A"}}}, soon());
  CHECK(done->changed.empty());
  CHECK(done->same.size() == 1);
  const ModSeq before = done->same[0].modseq;
  done = rig.boxes.store_flags(rig.account, box, {&uid, 1}, {FlagOperation::Remove, {Answered, {"A"}}}, soon());
  CHECK(done->changed[0].flags == Flags{Seen, {}});
  done = rig.boxes.store_flags(rig.account, box, both, {FlagOperation::Replace, {Draft, {}}, before}, soon());
  CHECK(done->modified == std::vector<Uid>{uid});
  REQUIRE(done->changed.size() == 1);
  CHECK(done->changed[0].uid == other);
  CHECK(fails(rig.boxes.store_flags(rig.account, MailboxId{99}, both, {}, soon()), MailboxFailure::NoSuchMailbox));
  rig.check_consistent();
}

TEST_CASE("changes_since tells new, changed and expunged messages once, and never cuts one modseq in two") {
  Rig rig;
  for (int i = 0; i < 6; ++i) rig.append("x");
  const auto box = rig.box("INBOX");
  const auto snapshot = rig.open("INBOX");
  CHECK(rig.boxes.changes_since(rig.account, box, snapshot.valid_at, 100, soon())->messages.empty());
  const std::vector<Uid> four{Uid{1}, Uid{2}, Uid{3}, Uid{4}};
  REQUIRE(rig.boxes.store_flags(rig.account, box, four, {FlagOperation::Add, seen}, soon()));
  REQUIRE(rig.boxes.store_flags(rig.account, box, {four.data(), 1}, {FlagOperation::Add, deleted}, soon()));
  REQUIRE(rig.boxes.expunge(rig.account, box, {}, Mailboxes::ExpungeOf::DeletedOnly, soon()));
  rig.append("new");
  auto changes = rig.boxes.changes_since(rig.account, box, snapshot.valid_at, 100, soon());
  REQUIRE(changes->messages.size() == 5);
  CHECK(changes->complete);
  std::map<std::uint32_t, const ChangedMessage*> by_uid;
  for (const auto& change : changes->messages) by_uid[change.uid.value()] = &change;
  CHECK(by_uid.at(1)->expunged);
  CHECK(by_uid.at(2)->flags == seen);
  CHECK(by_uid.at(7)->octets == 3);
  CHECK(rig.boxes.changes_since(rig.account, box, changes->up_to, 100, soon())->messages.empty());
  // Three of one modseq: a limit of one gives all three, then the rest.
  changes = rig.boxes.changes_since(rig.account, box, snapshot.valid_at, 1, soon());
  CHECK(changes->messages.size() == 3);
  CHECK(changes->more);
  changes = rig.boxes.changes_since(rig.account, box, changes->up_to, 100, soon());
  CHECK(changes->messages.size() == 2);
  CHECK(!changes->more);
}

TEST_CASE("an expunged message can be read on for a while, then it is gone with its body") {
  Rig rig;
  Mailboxes brief(rig.engine, rig.clock, {.keep_expunged = 0s});
  const Uid uid = rig.append("secret", deleted);
  const auto box = rig.box("INBOX");
  const auto expunged = rig.boxes.expunge(rig.account, box, {{&uid, 1}}, Mailboxes::ExpungeOf::DeletedOnly, soon());
  CHECK(expunged->uids == std::vector<Uid>{uid});
  CHECK(rig.uids("INBOX").empty());
  const auto record = rig.boxes.message(rig.account, box, uid, soon());
  REQUIRE(record);
  CHECK(record->expunged);
  CHECK(rig.body("INBOX", uid) == "secret");
  CHECK(rig.boxes.collect_expunged(rig.account, soon())->records == 0);
  CHECK(brief.collect_expunged(rig.account, soon())->bodies == 1);
  CHECK(fails(rig.boxes.message(rig.account, box, uid, soon()), MailboxFailure::NoSuchMessage));
  CHECK(fails(rig.boxes.read_body(rig.account, *record, 0, 10, soon()), MailboxFailure::NoSuchMessage));
  rig.check_consistent();
}

TEST_CASE("expunge of nothing removes nothing") {
  Rig rig;
  const Uid uid = rig.append("x", deleted);
  const std::vector<Uid> none;
  CHECK(rig.boxes.expunge(rig.account, rig.box("INBOX"), none, Mailboxes::ExpungeOf::All, soon())->uids.empty());
  CHECK(rig.uids("INBOX").size() == 1);
  const Uid kept = rig.append("y");
  CHECK(rig.boxes.expunge(rig.account, rig.box("INBOX"), {{&kept, 1}}, Mailboxes::ExpungeOf::DeletedOnly, soon())->uids.empty());
  CHECK(rig.boxes.expunge(rig.account, rig.box("INBOX"), {{&kept, 1}}, Mailboxes::ExpungeOf::All, soon())->uids == std::vector<Uid>{kept});
  CHECK(rig.uids("INBOX") == std::vector<std::uint32_t>{uid.value()});
}

TEST_CASE("copies share a body, which goes with the last of them") {
  Rig rig;
  Mailboxes brief(rig.engine, rig.clock, {.keep_expunged = 0s});
  const std::vector<Uid> from{rig.append("one", {Seen, {"k"}}), rig.append("two")};
  const auto inbox = rig.box("INBOX"), trash = rig.box("Trash");
  auto copied = rig.boxes.copy(rig.account, inbox, from, trash, {}, soon());
  REQUIRE_MESSAGE(copied, why(copied));
  CHECK(copied->from == from);
  CHECK(copied->to == std::vector<Uid>{Uid{1}, Uid{2}});
  CHECK(rig.boxes.message(rig.account, trash, Uid{1}, soon())->flags == Flags{Seen, {"k"}});
  REQUIRE(rig.boxes.copy(rig.account, inbox, from, inbox, {}, soon()));
  rig.check_consistent();
  REQUIRE(rig.boxes.expunge(rig.account, inbox, {}, Mailboxes::ExpungeOf::All, soon()));
  CHECK(brief.collect_expunged(rig.account, soon())->bodies == 0);
  CHECK(rig.body("Trash", Uid{2}) == "two");
  rig.check_consistent();
  REQUIRE(rig.boxes.expunge(rig.account, trash, {}, Mailboxes::ExpungeOf::All, soon()));
  CHECK(brief.collect_expunged(rig.account, soon())->bodies == 2);
  CHECK(fails(rig.boxes.copy(rig.account, inbox, from, MailboxId{99}, {}, soon()), MailboxFailure::NoSuchMailbox));
  CHECK(fails(rig.boxes.copy(rig.account, MailboxId{99}, from, trash, {}, soon()), MailboxFailure::NoSuchMailbox));
  rig.append("big one");
  CHECK(fails(rig.boxes.copy(rig.account, inbox, std::vector{Uid{5}}, trash, {.octets = 10}, soon()), MailboxFailure::OverQuota));
  rig.check_consistent();
}

TEST_CASE("move leaves each message in one mailbox, whatever the number") {
  Rig rig;
  std::vector<Uid> many;
  for (int i = 0; i < 1200; ++i) many.push_back(rig.append("m" + std::to_string(i)));
  const auto moved = rig.boxes.move(rig.account, rig.box("INBOX"), many, rig.box("Archive"), soon());
  REQUIRE_MESSAGE(moved, why(moved));
  CHECK(moved->from == many);
  CHECK(rig.uids("INBOX").empty());
  CHECK(rig.uids("Archive").size() == 1200);
  CHECK(rig.body("Archive", moved->to.back()) == "m1199");
  CHECK(rig.boxes.usage(rig.account, soon())->messages == 1200);
  CHECK(rig.body("INBOX", Uid{1}) == "m0");  // still readable by who had it open
  rig.check_consistent();
}

TEST_CASE("a delivery is stored once, however often it is repeated") {
  Rig rig;
  auto first = deliver(rig, {delivery(1, "one"), delivery(2, "two"), delivery(1, "one"), delivery(1, "one", "b@x.example")});
  REQUIRE(first.size() == 4);
  for (const auto& result : first) REQUIRE_MESSAGE(result, why(result));
  CHECK(first[0]->how == Delivered::How::Stored);
  CHECK(first[2]->how == Delivered::How::AlreadyThere);
  CHECK(first[2]->uid == first[0]->uid);
  CHECK(first[3]->how == Delivered::How::Stored);
  CHECK(rig.uids("INBOX").size() == 3);
  REQUIRE(rig.boxes.expunge(rig.account, rig.box("INBOX"), {}, Mailboxes::ExpungeOf::All, soon()));
  CHECK(deliver(rig, {delivery(1, "one")})[0]->how == Delivered::How::AlreadyThere);
  CHECK(rig.uids("INBOX").empty());
  REQUIRE(rig.boxes.forget_deliveries(rig.account, {.node = 1, .journal = 2, .owner = 3, .sequence = 2}, soon()));
  CHECK(deliver(rig, {delivery(1, "one")})[0]->how == Delivered::How::Stored);
  CHECK(deliver(rig, {delivery(2, "two")})[0]->how == Delivered::How::AlreadyThere);
  rig.check_consistent();
}

TEST_CASE("a delivery to a mailbox that is not there goes to INBOX") {
  Rig rig;
  REQUIRE(rig.boxes.create(rig.account, "a/b", SpecialUse::None, soon()));
  const auto results = deliver(rig, {delivery(1, "x", "u", "a/b"), delivery(2, "x", "u", "a"), delivery(3, "x", "u", "none"), delivery(4, "x", "u", "//")});
  CHECK(results[0]->mailbox == "a/b");
  for (int i = 1; i < 4; ++i) CHECK(results[static_cast<std::size_t>(i)]->mailbox == "INBOX");
}

TEST_CASE("a full mailbox refuses what is new and knows what it has") {
  Rig rig;
  const QuotaLimit quota{.octets = 10};
  auto results = deliver(rig, {delivery(1, "0123456"), delivery(2, "0123456"), delivery(3, "012")}, quota);
  CHECK(results[0]);
  CHECK(fails(results[1], MailboxFailure::OverQuota));
  CHECK(results[2]);
  results = deliver(rig, {delivery(1, "0123456"), delivery(2, "0123456")}, quota);
  REQUIRE(results[0]);
  CHECK(results[0]->how == Delivered::How::AlreadyThere);
  CHECK(fails(results[1], MailboxFailure::OverQuota));
  rig.check_consistent();
}

TEST_CASE("a body lost before its journal was released is put back under the same UID") {
  Rig rig;
  const auto first = deliver(rig, {delivery(1, "precious")});
  const auto record = rig.boxes.message(rig.account, rig.box("INBOX"), first[0]->uid, soon());
  REQUIRE(rig.engine.erase_blob(storage::PartitionName{account_partition(rig.account)}, record->blob, soon()));
  const auto again = deliver(rig, {delivery(1, "precious")});
  REQUIRE_MESSAGE(again[0], why(again[0]));
  CHECK(again[0]->how == Delivered::How::BodyRestored);
  CHECK(again[0]->uid == first[0]->uid);
  CHECK(rig.body("INBOX", first[0]->uid) == "precious");
  rig.check_consistent();
}

TEST_CASE("recent messages belong to the session that looks first") {
  Rig rig;
  rig.append("1"), rig.append("2");
  const auto box = rig.box("INBOX");
  CHECK(rig.boxes.status(rig.account, box, soon())->recent == 2);
  CHECK(rig.open("INBOX").status.recent == 2);  // EXAMINE takes nothing
  CHECK(rig.boxes.open(rig.account, box, Mailboxes::RecentMessages::Claim, soon())->first_recent == Uid{1});
  CHECK(rig.boxes.open(rig.account, box, Mailboxes::RecentMessages::Claim, soon())->status.recent == 0);
  rig.append("3");
  CHECK(rig.boxes.claim_recent(rig.account, box, soon()) == Uid{3});
  CHECK(rig.boxes.claim_recent(rig.account, box, soon()) == Uid{4});
  const auto version = rig.boxes.version(rig.account, soon());
  (void)rig.boxes.open(rig.account, box, Mailboxes::RecentMessages::Claim, soon());
  CHECK(*rig.boxes.version(rig.account, soon()) == *version);  // looking at what is known writes nothing
}

TEST_CASE("what was computed of a message stays beside it, within bounds") {
  Rig rig;
  const Uid uid = rig.append("x");
  const auto box = rig.box("INBOX");
  REQUIRE(rig.boxes.save_parsed(rig.account, box, uid, "structure", soon()));
  CHECK(rig.boxes.message(rig.account, box, uid, soon())->parsed == "structure");
  REQUIRE(rig.boxes.save_parsed(rig.account, box, uid, std::string(65537, 'x'), soon()));
  CHECK(rig.boxes.message(rig.account, box, uid, soon())->parsed == "structure");
  CHECK(!*rig.boxes.search_text(rig.account, box, uid, soon()));
  REQUIRE(rig.boxes.save_search_text(rig.account, box, uid, "日本語", soon()));
  CHECK(**rig.boxes.search_text(rig.account, box, uid, soon()) == "日本語");
  REQUIRE(rig.boxes.save_search_text(rig.account, box, Uid{9}, "nobody", soon()));
  CHECK(!*rig.boxes.search_text(rig.account, box, Uid{9}, soon()));
  Mailboxes small(rig.engine, rig.clock, {.max_text_octets = 8});
  REQUIRE(small.save_search_text(rig.account, box, uid, "日本語", soon()));
  CHECK(**rig.boxes.search_text(rig.account, box, uid, soon()) == "日本");
  REQUIRE(rig.boxes.expunge(rig.account, box, {}, Mailboxes::ExpungeOf::All, soon()));
  CHECK(!*rig.boxes.search_text(rig.account, box, uid, soon()));
}

TEST_CASE("records come in pages, ascending") {
  Rig rig;
  for (int i = 0; i < 30; ++i) rig.append(std::string(static_cast<std::size_t>(i), 'x'));
  const auto box = rig.box("INBOX");
  const auto page = rig.boxes.messages(rig.account, box, Uid{5}, Uid{100}, 10, soon());
  REQUIRE(page->size() == 10);
  CHECK(page->front().uid == Uid{5});
  CHECK(page->front().octets == 4);
  CHECK(page->back().uid == Uid{14});
  CHECK(rig.boxes.messages(rig.account, box, Uid{31}, Uid{100}, 10, soon())->empty());
  CHECK(rig.boxes.messages(rig.account, box, Uid{9}, Uid{3}, 10, soon())->empty());
}

TEST_CASE("a long expunge log is shortened, and who is behind learns it") {
  Rig rig;
  Mailboxes brief(rig.engine, rig.clock, {.keep_expunge_log = 4});
  const auto box = rig.box("INBOX");
  for (int i = 0; i < 8; ++i) rig.append("x");
  const auto snapshot = rig.open("INBOX");
  for (std::uint32_t uid = 1; uid <= 8; ++uid) {
    const Uid one{uid};
    REQUIRE(rig.boxes.expunge(rig.account, box, {{&one, 1}}, Mailboxes::ExpungeOf::All, soon()));
  }
  CHECK(rig.boxes.changes_since(rig.account, box, snapshot.valid_at, 100, soon())->complete);
  REQUIRE(brief.collect_expunged(rig.account, soon()));
  const auto changes = rig.boxes.changes_since(rig.account, box, snapshot.valid_at, 100, soon());
  CHECK(!changes->complete);
  CHECK(changes->messages.size() == 4);
  CHECK(rig.boxes.changes_since(rig.account, box, changes->up_to, 100, soon())->complete);
  rig.check_consistent();
}

TEST_CASE("another session learns of a change by its watch") {
  Rig rig;
  rig.box("INBOX");
  storage::MemoryEngine other(rig.disk);
  Mailboxes elsewhere(other, rig.clock);
  std::atomic<int> rings = 0;
  const auto watch = elsewhere.watch(rig.account, [&] { ++rings; });
  rig.append("x");
  CHECK(rings >= 1);
}

TEST_CASE("flags of messages far apart and close together are found alike") {
  Rig rig;
  const std::string body = "x";
  const auto inbox = rig.box("INBOX");
  for (int i = 0; i < 300; ++i) rig.append(body);
  struct Row {
    const char* name;
    std::vector<std::uint32_t> uids, found;
  };
  for (const auto& row : {Row{"none", {}, {}}, Row{"one", {300}, {300}}, Row{"beyond the end", {300, 301, 9'999}, {300}},
                          Row{"far apart", {300, 1, 150}, {1, 150, 300}}, Row{"twins", {7, 7, 7}, {7}},
                          Row{"stretches", {1, 2, 3, 40, 41, 200, 233, 266, 300}, {1, 2, 3, 40, 41, 200, 233, 266, 300}},
                          Row{"unknown between", {10, 11, 12, 4'000'000'000}, {10, 11, 12}}}) {
    CAPTURE(row.name);
    std::vector<Uid> uids;
    for (const auto uid : row.uids) uids.emplace_back(uid);
    const auto stored = rig.boxes.store_flags(rig.account, inbox, uids, {.operation = FlagOperation::Replace, .flags = {.system = Seen, .keywords = {row.name[0] == 'n' ? "n" : "k" + std::string(1, row.name[0])}}}, soon());
    REQUIRE_MESSAGE(stored, why(stored));
    std::vector<std::uint32_t> found;
    for (const auto& one : stored->changed) found.push_back(one.uid.value());
    CHECK(found == row.found);
  }
}

TEST_CASE("notes of mail of ours are forgotten when their message is over, others stay") {
  Rig rig;
  const auto deliver = [&](const TraceId& id) {
    Delivery delivery{.message = {.body = "text"}, .original_recipient = "user@a.example", .mailbox = {}};
    delivery.message.trace_id = id;
    const auto done = rig.boxes.deliver_group(rig.account, {&delivery, 1}, {}, storage::Durability::Flushed, soon());
    REQUIRE_MESSAGE(done.front(), why(done.front()));
    return done.front()->how;
  };
  const TraceId parent{1, 1, 4, 7};
  std::vector<TraceId> ours;
  for (int i = 0; i < 20; ++i) ours.push_back(parent.derived("user" + std::to_string(i), "report", 0));
  const TraceId incoming{1, 1, 4, 8}, of_another_node{2, 0, 0, 9};
  for (const auto& id : ours) CHECK(deliver(id) == Delivered::How::Stored);
  CHECK(deliver(incoming) == Delivered::How::Stored);
  CHECK(deliver(of_another_node) == Delivered::How::Stored);
  const auto forget = [&](bool flushed) {
    return rig.boxes.forget_deliveries_of(rig.account, 1, 0, [&](const std::vector<TraceId>& ids, std::vector<bool>& over) {
      CHECK(ids.size() == ours.size());
      for (std::size_t i = 0; i < ids.size(); ++i) over[i] = ids[i] != ours[3];
      return flushed;
    }, soon());
  };
  REQUIRE(forget(false));
  for (const auto& id : ours) CHECK_MESSAGE(deliver(id) == Delivered::How::AlreadyThere, "nothing is certain: nothing is forgotten");
  REQUIRE(forget(true));
  for (const auto& id : ours) CHECK(deliver(id) == (id == ours[3] ? Delivered::How::AlreadyThere : Delivered::How::Stored));
  CHECK(deliver(incoming) == Delivered::How::AlreadyThere);
  CHECK(deliver(of_another_node) == Delivered::How::AlreadyThere);
}
