// Random operations of two users against a plain model, with the store failing now and then: after an error the account
// is either as before or as after, never between; and two users at once lose nothing and share no UID.
#include <random>
#include <set>
#include <thread>

#include "services/mailboxes/test_store.h"

using namespace hikyaku;
using namespace hikyaku::mailboxes;

namespace {

struct Message {
  std::uint8_t flags = 0;
  std::string body;
  friend bool operator==(const Message&, const Message&) = default;
};
struct Box {
  std::map<std::uint32_t, Message> messages;
  std::uint32_t next = 1;
  friend bool operator==(const Box&, const Box&) = default;
};
using Model = std::map<std::string, Box>;

Model observe(Rig& rig) {
  Model model;
  for (const std::string name : {"INBOX", "Archive"}) {
    const auto snapshot = rig.open(name);
    auto& box = model[name];
    box.next = snapshot.status.uid_next.value();
    for (const auto& entry : snapshot.entries)
      box.messages[entry.uid.value()] = {entry.system_flags, rig.body(name, entry.uid)};
  }
  return model;
}

std::uint32_t any_uid(const Box& box, std::mt19937_64& random) {
  if (box.messages.empty()) return 1;
  return std::next(box.messages.begin(), static_cast<std::ptrdiff_t>(random() % box.messages.size()))->first;
}

// Does one random thing to the store through `boxes` and to `model`; whether the store said yes.
bool step(Mailboxes& boxes, Rig& rig, const std::map<std::string, MailboxId>& ids, Model& model, std::mt19937_64& random) {
  const std::string from = random() % 2 == 0 ? "INBOX" : "Archive", to = random() % 3 == 0 ? from : from == "INBOX" ? "Archive" : "INBOX";
  auto& source = model[from];
  auto& target = model[to];
  const std::uint32_t number = any_uid(source, random);
  const Uid uid{number};
  const bool there = source.messages.contains(number);
  switch (random() % 5) {
    case 0: {
      const std::string body = "body " + std::to_string(random());
      const NewMessage message{.body = body};
      source.messages[source.next++] = {0, body};
      return boxes.append(rig.account, ids.at(from), {&message, 1}, {}, soon()).has_value();
    }
    case 1: {
      const auto flag = static_cast<std::uint8_t>(1 << random() % 5);
      if (there) source.messages[number].flags ^= flag;
      const bool now_set = there && (source.messages[number].flags & flag) != 0;
      return boxes.store_flags(rig.account, ids.at(from), {&uid, 1}, {now_set ? FlagOperation::Add : FlagOperation::Remove, {flag, {}}}, soon()).has_value();
    }
    case 2: {
      if (there) target.messages[target.next++] = source.messages[number];
      return boxes.copy(rig.account, ids.at(from), {&uid, 1}, ids.at(to), {}, soon()).has_value();
    }
    case 3: {
      if (there) {
        const auto moved = source.messages[number];
        source.messages.erase(number);
        target.messages[target.next++] = moved;
      }
      return boxes.move(rig.account, ids.at(from), {&uid, 1}, ids.at(to), soon()).has_value();
    }
    default:
      source.messages.erase(number);
      return boxes.expunge(rig.account, ids.at(from), {{&uid, 1}}, Mailboxes::ExpungeOf::All, soon()).has_value();
  }
}

}  // namespace

TEST_CASE("the store does what a plain model does, or nothing") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    Rig rig;
    storage::MemoryEngine other(rig.disk);
    Mailboxes elsewhere(other, rig.clock, {.keep_expunged = 0s});
    const std::map<std::string, MailboxId> ids{{"INBOX", rig.box("INBOX")}, {"Archive", rig.box("Archive")}};
    std::mt19937_64 random(seed);
    Model model = observe(rig);
    int failures = 0;
    for (int i = 0; i < 150; ++i) {
      const Model before = model;
      auto& user = random() % 2 == 0 ? rig.boxes : elsewhere;
      if (seed > 2) rig.engine.faults().seeded(random(), 0.1), other.faults().seeded(random(), 0.1);
      const bool done = step(user, rig, ids, model, random);
      if (random() % 10 == 0) (void)elsewhere.collect_expunged(rig.account, soon());
      rig.engine.faults().seeded(0, 0), other.faults().seeded(0, 0);
      if (done && random() % 5 != 0) continue;
      const Model now = observe(rig);
      if (done) REQUIRE(now == model);
      else REQUIRE((now == before || now == model));
      failures += !done;
      model = now;
    }
    CHECK((failures > 0) == (seed > 2));
    CHECK(observe(rig) == model);
    rig.check_consistent();
  }
}

TEST_CASE("two users at once lose nothing and share no UID") {
  Rig rig;
  const auto inbox = rig.box("INBOX"), archive = rig.box("Archive");
  std::vector<std::uint32_t> given[2];
  std::thread users[2];
  for (int u = 0; u < 2; ++u)
    users[u] = std::thread([&, u] {
      storage::MemoryEngine engine(rig.disk);
      Mailboxes boxes(engine, rig.clock);
      std::mt19937_64 random(static_cast<std::uint64_t>(u));
      for (int i = 0; i < 150; ++i) {
        const NewMessage message{.body = "shared"};
        if (const auto done = boxes.append(rig.account, inbox, {&message, 1}, {}, soon())) given[u].push_back(done->front().uid.value());
        const Uid uid{static_cast<std::uint32_t>(1 + random() % 200)};
        (void)boxes.store_flags(rig.account, inbox, {&uid, 1}, {FlagOperation::Add, {Seen, {}}}, soon());
        if (i % 3 == 0) (void)boxes.move(rig.account, inbox, {&uid, 1}, archive, soon());
      }
    });
  for (auto& user : users) user.join();
  std::set<std::uint32_t> all(given[0].begin(), given[0].end());
  all.insert(given[1].begin(), given[1].end());
  CHECK(all.size() == 300);
  CHECK(rig.boxes.usage(rig.account, soon())->messages == 300);
  CHECK(rig.uids("INBOX").size() + rig.uids("Archive").size() == 300);
  rig.check_consistent();
}
