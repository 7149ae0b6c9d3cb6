#include <doctest/doctest.h>

#include "services/epost_spool/export.h"
#include "services/epost_spool/import.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::epost_spool;

namespace {

constexpr WallTime now{std::chrono::seconds{1'700'000'000}};

// E-Post's work folder and our spool on one simulated disk.
struct Site {
  io::SimulatedDisk disk{{.seed = 7}};

  Site() {
    for (const char* folder : {"/mail/incoming", "/mail/holding", "/mail/domains/example.net", "/mail/domains/example.org", "/spool"})
      REQUIRE(disk.make_folder(folder));
    for (const char* folder : {"/", "/mail", "/mail/domains"}) REQUIRE(disk.sync_folder(folder));
  }
  void put(const std::string& path, const std::string& content) { REQUIRE(io::replace_file(disk, "/mail/" + path, content)); }
  void pair(const std::string& place, const std::string& stem, const std::string& recipients, const std::string& text = "Subject: x\r\n\r\ntext\r\n") {
    put(place + "/" + stem + ".MSG", text);
    put(place + "/" + stem + ".RCP", rcp(stem, recipients));
  }
  static std::string rcp(const std::string& stem, const std::string& recipients) {
    std::string out = "Message-ID: <" + stem + "@mx.example.jp>\r\nReturn-path: alice@example.jp\r\n";
    for (std::size_t at = 0; at < recipients.size();) {
      const auto end = std::min(recipients.find(' ', at), recipients.size());
      out += "Recipient: " + recipients.substr(at, end - at) + "\r\n";
      at = end + 1;
    }
    return out;
  }
  ImportOptions options() {
    ImportOptions options{.from = "/mail", .spool_folder = "/spool"};
    options.reserve_octets = 0;
    return options;
  }
  std::map<std::string, ImportedPair> pairs;
  ImportSummary take(const ImportOptions& how) {
    pairs.clear();
    auto summary = import_spool(disk, how, now, [&](const ImportedPair& one) { pairs[one.stem] = one; });
    REQUIRE_MESSAGE(summary, summary.error().what);
    return *std::move(summary);
  }
  ImportSummary take() { return take(options()); }

  struct Message {
    std::string sender, text;
    std::vector<std::string> recipients;
    WallTime accepted_at;
  };
  // What deliver finds.
  std::vector<Message> delivered() {
    spool::SpoolOptions options{.folder = "/spool"};
    options.reserve_octets = 0;
    options.nonce_seed = 3;
    auto spool = spool::Spool::open(disk, options);
    REQUIRE(spool);
    std::vector<Message> all;
    auto fresh = (*spool)->fresh(1'000);
    REQUIRE(fresh);
    for (auto& one : *fresh) {
      auto text = (*spool)->body(one.ref, 0, one.envelope.body_octets);
      REQUIRE(text);
      Message message{one.envelope.reverse_path.text(), *text, {}, one.envelope.accepted_at};
      for (const auto& open : one.open) message.recipients.push_back(one.envelope.recipients[open.index].address.text());
      all.push_back(std::move(message));
      REQUIRE((*spool)->settle(std::vector{spool::Rig::delivered(one)}));
    }
    REQUIRE((*spool)->flush());
    return all;
  }
};

constexpr const char* one = "B0000000001";

}  // namespace

TEST_CASE("pairs of all three folders become messages; a second run takes none again") {
  Site site;
  site.pair("incoming", one, "a@example.net", "Received: from x by y;\r\n Tue, 14 Nov 2023 22:00:00 +0000\r\nSubject: x\r\n\r\nbody\r\n");
  site.put("holding/B0000000002.MSG", "Subject: two\n\nbare\n");
  site.put("domains/example.net/B0000000002.RCP", Site::rcp("B0000000002", "b@example.net"));
  site.put("domains/example.org/B0000000002.RCP", Site::rcp("B0000000002", "c@example.org b@example.net"));
  site.put("domains/example.net/Domain.mri", "Domain-name: example.net\r\nLast-tried: 1\r\nTry-number: 3\r\nErr-code: 451\r\n");
  auto dry = site.options();
  dry.run = ImportOptions::Run::Dry;
  CHECK(site.take(dry).taken == 2);
  CHECK(site.delivered().empty());
  const auto summary = site.take();
  CHECK(summary.taken == 2);
  CHECK(summary.retry_notes == std::vector<std::string>{"example.net: 3 tries, last code 451"});
  const auto all = site.delivered();
  REQUIRE(all.size() == 2);
  CHECK(all[0].sender == "alice@example.jp");
  CHECK(all[0].accepted_at == WallTime{std::chrono::seconds{1'699'999'200}});
  CHECK(all[1].text == "Subject: two\r\n\r\nbare\r\n");
  CHECK(all[1].accepted_at == now);
  CHECK(all[1].recipients == std::vector<std::string>{"b@example.net", "c@example.org"});
  CHECK(site.take().before == 2);
  CHECK(site.delivered().empty());
  site.pair("incoming", one, "other@example.net");  // the number again, another message
  CHECK(site.take().taken == 1);
}

TEST_CASE("damaged pairs are told and left, and the rest goes on") {
  Site site;
  site.put("incoming/B0000000001.MSG", "Subject: no envelope\r\n\r\n");
  site.put("incoming/B0000000002.RCP", Site::rcp("B0000000002", "a@example.net"));
  site.pair("incoming", "B0000000003", "nobody");
  site.pair("incoming", "B0000000004", "a@example.net", "");
  site.put("incoming/B0000000005.MSG", "x\r\n");
  site.put("incoming/B0000000005.RCP", std::string(600, '\0'));
  site.pair("incoming", "B0000000006", "a@example.net");
  site.put("holding/B0000000006.MSG", "Subject: another text\r\n\r\n");
  site.pair("incoming", "B0000000007", "a@example.net");
  site.put("domains/example.net/B0000000007.RCP", "Return-path: eve@example.com\r\nRecipient: a@example.net\r\n");
  site.pair("incoming", "B0000000009", "good@example.net");
  site.put("incoming/notes.txt", "?");
  site.put("incoming/B12.MSG", "?");
  const auto summary = site.take();
  CHECK(summary.taken == 1);
  CHECK(summary.damaged == 7);
  CHECK(summary.strangers.size() == 2);
  for (int n = 1; n <= 7; ++n) {
    const auto& pair = site.pairs["B000000000" + std::to_string(n)];
    CHECK(pair.fate == Fate::Damaged);
    CHECK(!pair.damage.empty());
  }
  REQUIRE(site.delivered().size() == 1);
  CHECK(site.disk.info("/mail/incoming/B0000000001.MSG"));
}

TEST_CASE("who was served before is not served again; who cannot be known is left to the operator") {
  Site site;
  site.pair("incoming", one, "a@example.net b@example.net c@example.net");
  site.put("incoming/B0000000001.$OK", "Recipient: b@example.net\r\n");
  site.put("incoming/B0000000001.$CP", "Recipient: c@example.net\r\n");
  site.put("incoming/B0000000001$NG", "");
  site.pair("incoming", "B0000000002", "a@example.net");
  site.put("incoming/B0000000002$ok", "a@example.net");
  site.pair("incoming", "B0000000003", "a@example.net");
  site.put("incoming/B0000000003.$OK", "");
  const auto summary = site.take();
  CHECK(summary.taken == 1);
  CHECK(summary.all_served == 1);
  CHECK(summary.damaged == 1);
  CHECK(site.pairs[one].notes.size() == 3);
  CHECK(site.pairs["B0000000003"].damage.find("not known who was served") != std::string::npos);
  const auto all = site.delivered();
  REQUIRE(all.size() == 1);
  CHECK(all[0].recipients == std::vector<std::string>{"a@example.net", "c@example.net"});
}

TEST_CASE("dots: an EMWAC file is unstuffed, and one that goes on behind its end is damaged") {
  Site site;
  site.pair("incoming", one, "a@example.net", "Subject: x\r\n\r\n..dot\r\n.\r\n");
  auto stuffed = site.options();
  stuffed.dots = DotsRule::Stuffed;
  site.pair("incoming", "B0000000002", "a@example.net", "Subject: x\r\n\r\n.\r\nMAIL FROM:<evil>\r\n");
  const auto summary = site.take(stuffed);
  CHECK(summary.taken == 1);
  CHECK(summary.damaged == 1);
  CHECK(site.delivered().at(0).text == "Subject: x\r\n\r\n.dot\r\n");
}

TEST_CASE("power cut at every step of an import: each pair once, or undecided and told") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Site site;
    for (int n = 1; n <= 5; ++n) site.pair("incoming", "B000000000" + std::to_string(n), "r" + std::to_string(n) + "@example.net");
    site.disk.cut();  // E-Post's files are on disk
    std::map<std::string, int> served;
    {
      auto copy = site.options();
      std::size_t seen = 0;
      (void)import_spool(site.disk, copy, now, [&](const ImportedPair&) {
        if (++seen == 1 + seed % 5) site.disk.cut();
      });
      site.disk.cut();
    }
    const auto collect = [&] {
      for (const auto& message : site.delivered()) ++served[message.recipients.at(0)];
    };
    collect();
    const auto second = site.take();
    collect();
    CHECK(served.size() + second.undecided >= 5);
    for (const auto& [recipient, times] : served) CHECK_MESSAGE(times == 1, recipient << " with seed " << seed);
  }
}

TEST_CASE("export and import: the same senders, recipients and texts") {
  spool::Rig rig;
  std::map<std::string, std::string> wanted;
  for (int n = 0; n < 20; ++n) rig.accept(3, "Subject: " + std::to_string(n) + "\r\n\r\n.dot\r\n" + std::string(static_cast<std::size_t>(n) * 900, 'x') + "\r\n");
  {
    auto spool = rig.open();
    auto fresh = spool->fresh(10);
    REQUIRE(fresh);
    for (auto& message : *fresh) {
      auto schedule = spool::Rig::schedule(1);
      schedule.last_reply = "451 4.7.1 later";
      REQUIRE(spool->defer(std::vector{spool::Deferral{message.ref, {schedule}, {}}}));
      REQUIRE(spool->settle(std::vector{spool::Settlement{message.ref, {{0, spool::Outcome::Delivered, {}}}, {}}}));
    }
    REQUIRE(spool->flush());
  }
  ExportOptions options{.to = "/mail", .hostname = "mx.example.jp", .now = now};
  options.ours = ExportOptions::Ours::Remove;
  {
    auto spool = rig.open();  // a new life: what was not settled is fresh again
    const auto summary = export_spool(rig.disk, *spool, options, [](std::size_t) {});
    REQUIRE_MESSAGE(summary, summary.error().what);
    CHECK(summary->messages == 30);    // ten of them in two places: deferred and fresh
    CHECK(summary->recipients == 50);  // of sixty, ten were delivered
    CHECK(summary->domains == 1);
    CHECK(summary->damaged.empty());
  }
  CHECK(io::read_file(rig.disk, "/mail/domains/example.net/Domain.mri")->find("Err-code: 451") != std::string::npos);
  {
    auto spool = rig.open();
    CHECK(spool->fresh(100)->empty());
    CHECK(spool->counts().domains_recipients == 0);
  }
  REQUIRE(rig.disk.make_folder("/spool2"));
  ImportOptions import{.from = "/mail", .spool_folder = "/spool2"};
  import.reserve_octets = 0;
  const auto summary = import_spool(rig.disk, import, now, [](const ImportedPair&) {});
  REQUIRE(summary);
  CHECK(summary->taken == 30);
  CHECK(summary->damaged + summary->undecided + summary->before + summary->all_served == 0);
  auto again = rig.options();
  again.folder = "/spool2";
  auto spool = spool::Spool::open(rig.disk, again);
  REQUIRE(spool);
  std::map<std::string, std::size_t> recipients;  // by subject
  auto fresh = (*spool)->fresh(1'000);
  REQUIRE(fresh);
  for (const auto& message : *fresh) {
    CHECK(message.envelope.reverse_path.text() == "alice@example.jp");
    const auto text = *(*spool)->body(message.ref, 0, message.envelope.body_octets);
    const int n = std::stoi(text.substr(9));
    CHECK(text == "Subject: " + std::to_string(n) + "\r\n\r\n.dot\r\n" + std::string(static_cast<std::size_t>(n) * 900, 'x') + "\r\n");
    recipients[text.substr(0, text.find('\r'))] += message.open.size();
  }
  CHECK(recipients.size() == 20);
  std::size_t all = 0;
  for (const auto& [subject, count] : recipients) all += count;
  CHECK(all == 50);
}
