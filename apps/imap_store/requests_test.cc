// Sessions over the real mailbox store on an engine in memory.
#include "apps/imap_store/requests.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "io/test_folder.h"
#include "protocol/imap/session.h"
#include "storage/memory_engine.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::apps::imap_store {
namespace {

struct House {
  SystemClock clock;
  storage::MemoryEngine memory{};
  storage::Engine& engine = memory;
  mailboxes::Mailboxes mailboxes{engine, clock};
  mailboxes::QuotaLimit limit;
  Shared shared{mailboxes, clock, [this](AccountId) { return limit; }};
  imap::SessionSettings settings;
};

class Client {
 public:
  explicit Client(House& house) : requests_(house.shared, AccountId{1}), session_(house.settings, {}) {
    REQUIRE(requests_.prepare().has_value());
    run();
    output_.clear();
  }
  std::string say(std::string_view line) {
    session_.receive(std::string(line) + "\r\n");
    run();
    return std::exchange(output_, {});
  }
  void feed(std::string_view octets) {
    session_.receive(octets);
    run();
  }
  std::string wake() {
    session_.changed();
    run();
    return std::exchange(output_, {});
  }

 private:
  void run() {
    for (;;) {
      auto step = session_.next();
      if (auto* send = std::get_if<imap::Send>(&step)) {
        output_ += send->octets;
      } else if (auto* ask = std::get_if<imap::Ask>(&step)) {
        auto answer = requests_.carry_out(ask->request);
        while (requests_.unfinished()) answer = requests_.carry_out(ask->request);
        if (auto* trouble = std::get_if<imap::Trouble>(&answer)) MESSAGE(trouble->what);
        session_.answer(std::move(answer));
      } else {
        return;
      }
    }
  }
  Requests requests_;
  imap::Session session_;
  std::string output_;
};

void append(Client& client, std::string_view mailbox, std::string_view message) {
  const auto reply = client.say("x APPEND " + std::string(mailbox) + " {" + std::to_string(message.size()) + "+}\r\n" + std::string(message));
  CHECK(reply.contains("x OK [APPENDUID "));
}

constexpr std::string_view mail =
    "From: Taro <taro@a.example>\r\nSubject: =?ISO-2022-JP?B?GyRCJEYkOSRIGyhC?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n日本の郵便\r\n--b\r\nContent-Type: application/x\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n";

TEST_CASE("imap store: a mailbox from APPEND to EXPUNGE") {
  House house;
  Client client(house);
  append(client, "INBOX", mail);
  append(client, "INBOX", "Subject: two\r\n\r\nText\r\n");
  const auto selected = client.say("a SELECT INBOX");
  CHECK(selected.contains("* 2 EXISTS\r\n* 2 RECENT\r\n"));
  CHECK(selected.contains("[UIDNEXT 3]"));
  CHECK(selected.contains("a OK [READ-WRITE]"));
  CHECK(client.say("b FETCH 1 BODYSTRUCTURE") ==
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 15 0 NIL NIL NIL NIL)"
        "(\"application\" \"x\" NIL NIL NIL \"base64\" 8 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL))\r\nb OK Done\r\n");
  CHECK(client.say("c FETCH 1 BODY.PEEK[]") ==
        "* 1 FETCH (BODY[] {" + std::to_string(mail.size()) + "}\r\n" + std::string(mail) + ")\r\nc OK Done\r\n");
  CHECK(client.say("d FETCH 1 (BINARY[2] FLAGS)").contains("BINARY[2] ~{5}\r\nhello FLAGS (\\Seen \\Recent)"));
  CHECK(client.say("e SEARCH SUBJECT \"てすと\"") == "* SEARCH 1\r\ne OK Done\r\n");
  CHECK(client.say("f SEARCH SUBJECT \"てすつ\"") == "* SEARCH\r\nf OK Done\r\n");
  CHECK(client.say("g SEARCH BODY \"郵便\" SEEN") == "* SEARCH 1\r\ng OK Done\r\n");
  CHECK(client.say("g2 SEARCH BODY \"郵便\" SEEN") == "* SEARCH 1\r\ng2 OK Done\r\n");
  CHECK(client.say("h STORE 1 +FLAGS (\\Deleted $Work)") == "* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $Work)\r\n* OK [PERMANENTFLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $Work \\*)] Flags that stay\r\n"
        "* 1 FETCH (FLAGS (\\Deleted \\Seen \\Recent $Work))\r\nh OK Done\r\n");
  CHECK(client.say("i STORE 1:2 +FLAGS.SILENT (\\Flagged)") == "i OK Done\r\n");
  CHECK(client.say("j EXPUNGE") == "* 1 EXPUNGE\r\n* 1 RECENT\r\nj OK Done\r\n");
  CHECK(client.say("k STATUS INBOX (MESSAGES UNSEEN SIZE)") == "* STATUS INBOX (MESSAGES 1 UNSEEN 1 SIZE 22)\r\nk OK Done\r\n");
  CHECK(client.say("l UID MOVE 2 Trash").contains("* OK [COPYUID "));
  CHECK(client.say("m SELECT Trash").contains("* 1 EXISTS"));
  CHECK(client.say("n SELECT Nowhere").contains("n NO [NONEXISTENT]"));
  CHECK(client.say("o CREATE \"a//b\"").contains("o NO [CANNOT]"));
  CHECK(client.say("p DELETE INBOX").contains("p NO [CANNOT]"));
  CHECK(client.say("q LIST (SPECIAL-USE) \"\" *").contains("\\Sent) \"/\" Sent"));
}

TEST_CASE("imap store: who saw a mailbox empty learns of its first message by CHANGEDSINCE and QRESYNC") {
  House house;
  Client client(house);
  for (const std::string_view name : {"INBOX", "Made"}) {
    if (name == "Made") client.say("a CREATE Made");
    CHECK(client.say("b STATUS " + std::string(name) + " (HIGHESTMODSEQ)").contains("(HIGHESTMODSEQ 1)"));
    append(client, name, "Subject: first\r\n\r\nText\r\n");
    const auto selected = client.say("c SELECT " + std::string(name));
    CHECK_MESSAGE(selected.contains("[HIGHESTMODSEQ 2]"), selected);
    CHECK(client.say("d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)").contains("* 1 FETCH (UID 1 MODSEQ (2) FLAGS (\\Recent))"));
  }
  // RFC 9051 §6.3.6: INBOX begins anew.
  client.say("e RENAME INBOX Old");
  CHECK(client.say("f STATUS INBOX (HIGHESTMODSEQ)").contains("(HIGHESTMODSEQ 1)"));
  append(client, "INBOX", "Subject: again\r\n\r\nText\r\n");
  client.say("g SELECT INBOX");
  CHECK(client.say("h FETCH 1 (MODSEQ)").contains("MODSEQ (2)"));
}

TEST_CASE("imap store: SAVEDATE is when the message came into this mailbox") {
  House house;
  Client client(house);
  const std::string_view message = "Subject: x\r\n\r\ny\r\n";
  client.say("a APPEND INBOX \"17-Jul-1996 02:44:25 +0000\" {" + std::to_string(message.size()) + "+}\r\n" + std::string(message));
  client.say("b SELECT INBOX");
  const auto told = client.say("c FETCH 1 (INTERNALDATE SAVEDATE)");
  CHECK(told.contains("INTERNALDATE \"17-Jul-1996 "));
  CHECK(told.contains("SAVEDATE \""));
  CHECK_FALSE(told.contains("SAVEDATE \"17-Jul-1996"));
  CHECK(client.say("d SEARCH SAVEDATESUPPORTED SAVEDSINCE 1-Jan-2020 SENTBEFORE 1-Jan-1900") == "* SEARCH\r\nd OK Done\r\n");
  CHECK(client.say("e SEARCH SAVEDATESUPPORTED SAVEDSINCE 1-Jan-2020") == "* SEARCH 1\r\ne OK Done\r\n");
  CHECK(client.say("f SEARCH SAVEDBEFORE 1-Jan-2020") == "* SEARCH\r\nf OK Done\r\n");
}

TEST_CASE("imap store: a large message waits in a file, and one that finds the memory taken too") {
  House house;
  io::TestFolder folder;
  house.shared.append_folder = folder.path();
  house.shared.append_memory_budget_octets = 100;
  Client client(house);
  std::string large = "Subject: large\r\n\r\n";
  for (int i = 0; large.size() < (3 << 20); ++i) large += std::to_string(i) + " in a file\r\n";
  for (const std::string& message : {large, std::string("Subject: small\r\n\r\n") + std::string(200, 'x')}) {
    client.say("a APPEND INBOX {" + std::to_string(message.size()) + "}");
    client.feed(message.substr(0, message.size() / 2));
    CHECK(house.shared.append_octets == message.size());
    CHECK(house.shared.append_memory_octets == 0);
    CHECK(client.say(message.substr(message.size() / 2)).contains("a OK [APPENDUID "));
    CHECK(house.shared.append_octets == 0);
    client.say("b SELECT INBOX");
    CHECK(client.say("c FETCH * BODY.PEEK[]").contains("BODY[] {" + std::to_string(message.size()) + "}\r\n" + message + ")"));
  }
  client.say("d APPEND INBOX {50}");
  CHECK(house.shared.append_memory_octets == 50);
  CHECK(client.say(std::string(50, 'y')).contains("d OK"));
  CHECK(house.shared.append_memory_octets == 0);
  house.shared.append_budget_octets = 1000;
  CHECK(client.say("e APPEND INBOX {1001}").contains("e NO [INUSE]"));
  house.shared.append_folder = "/nowhere";
  CHECK(client.say("f APPEND INBOX {500+}\r\n" + std::string(500, 'z')).contains("f OK"));
  CHECK(house.shared.append_memory_octets == 0);
}

TEST_CASE("imap store: an account without a limit has no quota root") {
  House house;
  Client client(house);
  CHECK(client.say("a GETQUOTAROOT INBOX") == "* QUOTAROOT INBOX\r\na OK Done\r\n");
  CHECK(client.say("b GETQUOTA \"\"").contains("b NO [NONEXISTENT]"));
}

TEST_CASE("imap store: two sessions of one mailbox, one of them idle") {
  House house;
  Client one(house), two(house);
  for (int i = 0; i < 5; ++i) append(one, "INBOX", "Subject: x\r\n\r\ny\r\n");
  one.say("a SELECT INBOX");
  two.say("a SELECT INBOX");
  CHECK(two.say("b IDLE") == "+ idling\r\n");
  one.say("b STORE 2,4 +FLAGS.SILENT (\\Deleted)");
  CHECK(two.wake() == "* 2 FETCH (FLAGS (\\Deleted))\r\n* 4 FETCH (FLAGS (\\Deleted))\r\n");
  two.say("DONE");
  CHECK(one.say("c EXPUNGE") == "* 2 EXPUNGE\r\n* 3 EXPUNGE\r\n* 3 RECENT\r\nc OK Done\r\n");
  CHECK(two.say("c FETCH 2 BODY.PEEK[TEXT]") == "* 2 FETCH (BODY[TEXT] {3}\r\ny\r\n)\r\nc OK Done\r\n");
  append(one, "INBOX", "Subject: new\r\n\r\nz\r\n");
  CHECK(two.say("d NOOP") == "* 2 EXPUNGE\r\n* 3 EXPUNGE\r\n* 4 EXISTS\r\n* 0 RECENT\r\nd OK Done\r\n");
  CHECK(two.say("e NOOP") == "e OK Done\r\n");
  one.say("f APPEND INBOX ($New) {5+}\r\na: b\n");
  const auto told = two.say("f NOOP");
  CHECK_MESSAGE(told.starts_with("* 5 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $New)\r\n"), told);
  CHECK_FALSE(told.contains("FETCH"));
}

TEST_CASE("imap store: the quota refuses, and nothing is left behind") {
  House house;
  house.limit.octets = 100;
  Client client(house);
  append(client, "INBOX", "Subject: x\r\n\r\ny\r\n");
  const std::string big(200, 'x');
  CHECK(client.say("a APPEND INBOX {200+}\r\n" + big).contains("a NO [OVERQUOTA]"));
  CHECK(client.say("b APPEND INBOX {200}").contains("b NO [OVERQUOTA]"));
  CHECK(client.say("c GETQUOTAROOT INBOX").contains("* QUOTA \"\" (STORAGE 1 0)"));
  CHECK(house.shared.append_octets == 0);
}

TEST_CASE("imap store: QRESYNC tells what vanished while the client was away") {
  House house;
  Client one(house);
  for (int i = 0; i < 4; ++i) append(one, "INBOX", "Subject: x\r\n\r\ny\r\n");
  one.say("a ENABLE QRESYNC");
  const auto selected = one.say("b SELECT INBOX");
  const auto modseq = selected.substr(selected.find("HIGHESTMODSEQ ") + 14, selected.find(']', selected.find("HIGHESTMODSEQ ")) - selected.find("HIGHESTMODSEQ ") - 14);
  const auto validity = selected.substr(selected.find("UIDVALIDITY ") + 12, selected.find(']', selected.find("UIDVALIDITY ")) - selected.find("UIDVALIDITY ") - 12);
  one.say("c UNSELECT");
  Client two(house);
  two.say("a SELECT INBOX");
  two.say("b STORE 2 +FLAGS.SILENT (\\Deleted)");
  two.say("c STORE 3 +FLAGS.SILENT (\\Seen)");
  two.say("d EXPUNGE");
  const auto resynced = one.say("d SELECT INBOX (QRESYNC (" + validity + " " + modseq + "))");
  CHECK(resynced.contains("* VANISHED (EARLIER) 2\r\n"));
  CHECK(resynced.contains("* 2 FETCH (UID 3 MODSEQ ("));
  CHECK_FALSE(resynced.contains("UID 4 MODSEQ"));
}

TEST_CASE("imap store: a damaged message hides none of the others") {
  io::SimulatedDisk disk;
  auto engine = storage::SqliteEngine::open(disk, "/accounts", {.sharing = storage::Sharing::ThisProcess});
  REQUIRE(engine);
  House house{.engine = **engine};
  Client client(house);
  for (int i = 0; i < 3; ++i) append(client, "INBOX", "Subject: x\r\n\r\ny\r\n");
  const auto pack = "/accounts/" + account_partition(AccountId{1}) + "/pack-1";
  REQUIRE_MESSAGE(disk.damage(pack, 512 + 40, 4), pack);
  client.say("a SELECT INBOX");
  const auto said = client.say("b FETCH 1:3 (ENVELOPE)");
  CHECK_MESSAGE(said.contains("* 1 FETCH (ENVELOPE"), said);
  CHECK_FALSE(said.contains("* 2 FETCH"));
  CHECK_MESSAGE(said.contains("* 3 FETCH (ENVELOPE"), said);
  CHECK_MESSAGE(said.contains("b NO [SERVERBUG] Some messages could not be read"), said);
}

TEST_CASE("imap store: what the log of expunges forgot is told of UIDs that were given, however many are named") {
  House house;
  Client client(house);
  for (int i = 0; i < 6; ++i) append(client, "INBOX", "Subject: x\r\n\r\ny\r\n");
  client.say("a ENABLE QRESYNC");
  client.say("b SELECT INBOX");
  client.say("c STORE 1,2,4,6 +FLAGS.SILENT (\\Deleted)");
  client.say("d EXPUNGE");
  mailboxes::Mailboxes brief(house.engine, house.clock, {.keep_expunge_log = 2});
  REQUIRE(brief.collect_expunged(AccountId{1}, house.clock.now() + std::chrono::seconds{5}));
  const auto vanished = [&client](const std::string& uids) {
    const auto said = client.say("e UID FETCH " + uids + " (FLAGS) (CHANGEDSINCE 1 VANISHED)");
    return said.substr(0, said.find("\r\n"));
  };
  CHECK(vanished("1:4294967295") == "* VANISHED (EARLIER) 1:2,4,6");
  CHECK(vanished("2:5,4000000000:4294967295") == "* VANISHED (EARLIER) 2,4");
}

}  // namespace
}  // namespace hikyaku::apps::imap_store
