// What fresh() tells of what it cannot read: nobody is left without an owner, and no trouble without a word.
#include <doctest/doctest.h>

#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

enum class Rotten { Envelope, BeginningOfSegment };

// Of the segment that has the word.
void rot(Rig& rig, const std::string& folder, const std::string& word, Rotten what) {
  for (const auto& name : *rig.disk.list(folder)) {
    if (!name.starts_with("segment-")) continue;
    const auto file = *rig.disk.open(folder + "/" + name, io::OpenMode::Read);
    std::string content(*file->size(), '\0');
    REQUIRE(file->read_at(0, content));
    if (const auto at = content.find(word); at != std::string::npos) {
      REQUIRE(rig.disk.damage(folder + "/" + name, what == Rotten::Envelope ? at : 0, 1));
      return;
    }
  }
  FAIL("no segment has it");
}

void is_handed_out_until_it_has_an_end(Rotten what) {
  Rig rig;
  Envelope envelope;
  envelope.id = {1, 0, 0, 4711};
  envelope.recipients = {{{"first", "a.example"}, "", {}}, {{"second", "a.example"}, "", {}}};
  envelope.body_octets = 6;
  const GeneratedMail mail{envelope, "a text"};
  auto spool = rig.open();
  REQUIRE(spool->generate({&mail, 1}));
  rot(rig, "/spool/holding", "second", what);
  for (int life = 0; life < 2; ++life) {
    const auto found = spool->fresh(10);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    const auto& one = found->front();
    CHECK(one.ref.id == envelope.id);
    CHECK(one.envelope.id == envelope.id);
    CHECK(!one.damage.empty());
    CHECK(one.open.size() == 2);
    CHECK(one.envelope.recipients.size() == 2);
    spool.reset();
    rig.cut();
    spool = rig.open();
  }
  const std::vector<RecipientOutcome> ends{{0, Outcome::DeadLetter, {}}, {1, Outcome::DeadLetter, {}}};
  REQUIRE(spool->settle(std::vector{Settlement{{envelope.id, 0, {}}, ends, {}}}));
  CHECK(!spool->in_holding(envelope.id));
  CHECK(spool->fresh(10)->empty());
}

}  // namespace

TEST_CASE("spool: mail of ours with a damaged envelope is handed out, in each life, until it has an end") { is_handed_out_until_it_has_an_end(Rotten::Envelope); }

TEST_CASE("spool: so is mail of ours in a segment whose beginning is damaged") { is_handed_out_until_it_has_an_end(Rotten::BeginningOfSegment); }

TEST_CASE("spool: the trouble of one journal is told, whatever others had, and keeps nobody from them") {
  for (const bool other_has_mail : {false, true}) {
    CAPTURE(other_has_mail);
    Rig rig;
    rig.accept(1, "in the journal with the trouble");
    auto second = storage::open_file_journal(rig.disk, "/spool/incoming-2", rig.incoming_options());
    REQUIRE(second);
    Envelope envelope;
    envelope.id = {1, 2, 1, 1};
    envelope.recipients = {{{"bob", "example.net"}, "", {}}};
    const auto head = encode(MessageHead{TextPlace::InRecord, envelope, {}});
    const storage::Record record[] = {{head, {}}};
    if (other_has_mail) REQUIRE((*second)->append(record));
    auto spool = rig.open();
    std::vector<std::string> told;
    spool->set_trouble_watch([&](const SpoolError& error) { told.push_back(error.what); });
    rig.disk.fail(io::DiskCall::Read, 1, io::DiskFailure::Broken, 2);  // the look for what was taken away, and then the heads
    const auto found = spool->fresh(10);
    REQUIRE(rig.disk.fault_was_hit());
    CHECK(found.has_value() == other_has_mail);
    CHECK(told.size() == (other_has_mail ? 1 : 0));
    const std::string why = found ? told.at(0) : found.error().what;
    CHECK_MESSAGE(why.find("incoming-1") != std::string::npos, why);
    if (found) {
      REQUIRE(found->size() == 1);
      CHECK(found->front().ref.journal == 2);
    }
    const auto later = spool->fresh(10);
    REQUIRE(later);
    REQUIRE(later->size() == 1);
    CHECK(later->front().ref.journal == 1);
  }
}

TEST_CASE("spool: a segment of incoming that was taken away is told of once, with the mail behind it, and keeps nobody from that") {
  Rig rig;
  const std::string text(60'000, 'x');
  rig.accept(1, text), rig.accept(1, text);
  rig.accept(1, text);
  const auto last = rig.accept(1, text);
  std::vector<std::string> files;
  for (const auto& name : *rig.disk.list("/spool/incoming-1"))
    if (name.starts_with("segment-")) files.push_back("/spool/incoming-1/" + name);
  REQUIRE(files.size() >= 2);
  REQUIRE(rig.disk.remove(files.front()));
  auto spool = rig.open();
  std::vector<std::string> told;
  spool->set_trouble_watch([&](const SpoolError& error) { told.push_back(error.what); });
  const auto found = spool->fresh(10);
  REQUIRE(found);
  REQUIRE(!found->empty());
  CHECK(found->back().ref.id == last);
  (void)spool->fresh(10);
  REQUIRE(told.size() == 1);
  CHECK(told[0].starts_with("/spool/incoming-1: a segment's file is gone (number 1 within the files, not in their names), with mail that was accepted, before " + found->front().ref.id.text() + ". Remedy: "));
}

TEST_CASE("spool: a large text that was taken away is damaged, in incoming and in holding; of mail that has its end it is gone") {
  for (const bool held : {false, true}) {
    CAPTURE(held);
    Rig rig;
    const std::string text(200'000, 'L');
    rig.accept(1, text);
    auto spool = rig.open();
    auto ref = spool->fresh(10)->at(0).ref;
    if (held) REQUIRE(spool->defer(std::vector{Deferral{ref, {Rig::schedule(0)}, {}}}));
    if (held) ref = {ref.id, 0, {}};
    const std::string folder = held ? "/spool/holding" : "/spool/incoming-1";
    for (const auto& name : *rig.disk.list(folder))
      if (name.starts_with("blob-")) REQUIRE(rig.disk.remove(folder + "/" + name));
    const auto read = spool->body(ref, 0, text.size());
    REQUIRE(!read);
    CHECK(read.error().kind == SpoolFailure::Damaged);
    CHECK(spool->text(ref, text.size())->next(1'000).error().kind == SpoolFailure::Damaged);
    REQUIRE(spool->settle(std::vector{Settlement{ref, {{0, Outcome::Bounced, {}}}, {}}}));
    REQUIRE(spool->flush());
    if (held) CHECK(spool->body(ref, 0, text.size()).error().kind == SpoolFailure::NotFound);
  }
}
