// Searches of incoming against brute force over all its heads: random mail, random filters, power cuts, crashes, and digests
// that are damaged, cut short, missing or of another segment. What waits is found, whatever became of the digests.
#include "services/spool/incoming_search.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "base/cursor.h"
#include "services/spool/digest_keeper.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

constexpr std::string_view journal_folder = "/spool/incoming-1";
using Found = std::vector<std::pair<TraceId, std::uint32_t>>;

std::uint64_t seeds() {
  const char* wanted = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 10;
}

// What receive does with its journal, on one thread.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed), rig_(seed) {}

  void run() {
    for (int life = 0; life < 5; ++life) {
      receive();
      for (int n = 0; n < 3; ++n) spoil_a_digest();
      deliver();
      spool_.reset();
      die();
    }
  }
  [[nodiscard]] std::uint64_t searches() const { return searches_; }

 private:
  std::uint64_t pick(std::uint64_t of) { return random_() % of; }
  bool chance(std::uint64_t of) { return pick(of) == 0; }
  template <class T, std::size_t n>
  const T& one_of(const T (&all)[n]) { return all[pick(n)]; }

  void receive() {
    auto journal = storage::open_file_journal(rig_.disk, journal_folder, rig_.incoming_options());
    REQUIRE(journal);
    DigestKeeper digests(rig_.disk, std::string(journal_folder), 1 + pick(40));
    digests.start();
    for (std::uint64_t left = 20 + pick(200); left > 0; --left) {
      const auto head = encode(MessageHead{TextPlace::InRecord, envelope((*journal)->fencing_token())});
      const auto text = std::string(pick(3) == 0 ? pick(3'000) : pick(80), 'x');
      const storage::Record record[] = {{head, {text}}};
      const auto at = (*journal)->append(record);
      REQUIRE(at);
      waits(last_);
      digests.add(at->front(), (*journal)->segment_seed(), digest_entry(last_));
      if (chance(30)) (void)digests.tend();
      if (const auto gone = chance(30) ? (*journal)->tend_pool() : storage::JournalResult<std::vector<storage::SegmentNumber>>{})
        for (const auto segment : *gone) digests.forget(segment);
    }
    if (chance(2)) return;  // it dies without a word
    digests.finish();
    REQUIRE((*journal)->close());
    while (chance(2) && digests.tend()) {}
  }

  Envelope envelope(std::uint64_t owner) {
    static constexpr std::string_view domains[] = {"a.example", "b.example", "c.example", "\xE4\xBE\x8B.example"};
    static constexpr std::string_view people[] = {"taro", "Taro", "hanako", "jiro", "x"};
    Envelope mail;
    mail.id = {1, 1, static_cast<std::uint32_t>(owner), ++sequence_};
    if (!chance(5)) mail.reverse_path.address = {std::string(one_of(people)), std::string(one_of(domains))};
    for (auto many = chance(4) ? 1 + pick(20) : 1; many > 0; --many)
      mail.recipients.push_back({{std::string(one_of(people)), std::string(one_of(domains))}, "", {}});
    if (chance(3)) mail.account = one_of(people);
    mail.accepted_at = WallTime{std::chrono::seconds{1'700'000'000 + static_cast<std::int64_t>(sequence_ / 10) - static_cast<std::int64_t>(pick(5))}};
    mail.body_octets = pick(6) * 1'000;
    last_ = mail;
    return mail;
  }

  void spoil_a_digest() {
    std::vector<std::string> digests;
    for (const auto& name : *rig_.disk.list(journal_folder))
      if (name.starts_with("digest-")) digests.push_back(std::string(journal_folder) + "/" + name);
    if (digests.empty()) return;
    const auto& one = digests[pick(digests.size())];
    const auto size = std::max<std::uint64_t>(1, rig_.disk.info(one)->size);
    switch (pick(6)) {
      case 0: REQUIRE(rig_.disk.damage(one, pick(size), 1 + pick(200))); break;
      case 1: REQUIRE(rig_.disk.remove(one)); break;
      case 2: REQUIRE((*rig_.disk.open(one, io::OpenMode::ReadWrite))->resize(pick(size))); break;
      case 3: REQUIRE(rig_.disk.rename(one, digests[pick(digests.size())])); break;  // of another segment
      default: break;
    }
  }

  void waits(const Envelope& mail) {
    auto& one = waiting_[mail.id];
    one.envelope = mail;
    for (std::uint32_t n = 0; n < mail.recipients.size(); ++n) one.open.insert(n);
  }

  void deliver() {
    spool_ = rig_.open();
    compare();
    const auto all = spool_->fresh(100'000);
    REQUIRE(all);
    for (const auto& message : *all) {
      Settlement settlement{message.ref, {}, {}};
      for (const auto& open : message.open)
        if (chance(3)) settlement.outcomes.push_back({open.index, Outcome::Delivered, {}});
      if (chance(3)) settlement = Rig::delivered(message);
      if (settlement.outcomes.empty()) continue;
      auto bounce = Rig::bounce(message, "somebody");
      if (message.ref.journal != 0 && chance(20) && bounced_.insert(bounce.envelope.id).second) settlement.generated.push_back(std::move(bounce));
      REQUIRE(spool_->settle(std::vector{settlement}));
      for (const auto& one : settlement.outcomes) waiting_.at(message.ref.id).open.erase(one.recipient);
      for (auto& one : settlement.generated) {
        one.envelope.body_octets = one.text.size();
        waits(one.envelope);
      }
    }
    compare();
    REQUIRE(spool_->flush());
    if (chance(2)) REQUIRE(spool_->tend());
    compare();
  }

  void die() { chance(2) ? rig_.disk.cut() : rig_.disk.kill(); }

  FreshFilter filter() {
    static constexpr std::string_view domains[] = {"A.example", "b.EXAMPLE", "nowhere.example", "\xE4\xBE\x8B.example"};
    static constexpr std::string_view people[] = {"TARO", "hanako", "nobody"};
    FreshFilter out;
    auto& asked = out.hashed;
    if (chance(4)) asked.domain = one_of(domains);
    if (chance(5)) asked.recipient = std::string(one_of(people)) + "@" + std::string(one_of(domains));
    if (chance(5)) asked.sender = chance(3) ? "<>" : std::string(one_of(people)) + "@" + std::string(one_of(domains));
    if (chance(5)) asked.account = one_of(people);
    if (chance(5)) asked.accepted_from = WallTime{std::chrono::seconds{1'700'000'000 + static_cast<std::int64_t>(pick(sequence_ / 10 + 5))}};
    if (chance(5)) asked.accepted_until = WallTime{std::chrono::seconds{1'700'000'000 + static_cast<std::int64_t>(pick(sequence_ / 10 + 5))}};
    if (chance(5)) asked.least_octets = pick(8) * 1'000;
    if (chance(5)) asked.most_octets = pick(8) * 1'000;
    if (chance(8)) out.id = TraceId{1, 1, last_.id.owner - static_cast<std::uint32_t>(pick(2)), 1 + pick(sequence_)};
    out.matches = [asked, id = out.id](const Envelope& mail, std::uint32_t recipient) {
      const auto& to = mail.recipients[recipient].address;
      const auto sender = mail.reverse_path.is_null() ? "<>" : mail.reverse_path.text();
      return (!id || *id == mail.id) && (asked.domain.empty() || equal_ignoring_case(asked.domain, to.domain)) &&
             (asked.recipient.empty() || equal_ignoring_case(asked.recipient, to.text())) &&
             (asked.sender.empty() || equal_ignoring_case(asked.sender, sender)) &&
             (asked.account.empty() || equal_ignoring_case(asked.account, mail.account)) && mail.accepted_at >= asked.accepted_from &&
             mail.accepted_at <= asked.accepted_until && mail.body_octets >= asked.least_octets && mail.body_octets <= asked.most_octets;
    };
    return out;
  }

  Found by_search(const FreshFilter& filter) {
    Found found;
    const std::size_t limit = chance(3) ? 10'000 : 1 + pick(30);
    const bool in_hurry = chance(3);
    const Enough enough = [&] { return in_hurry && chance(3); };
    int pages = 0;
    for (std::optional<FreshCursor> at = FreshCursor{}; at; ++pages) {
      const auto page = spool_->find_fresh(filter, *at, limit, enough);
      REQUIRE(page);
      REQUIRE(page->found.size() <= limit);
      REQUIRE(pages < 20'000);
      for (const auto& one : page->found) found.emplace_back(one.ref.id, one.recipient);
      at = page->next;
    }
    return found;
  }

  void compare() {
    std::vector<std::pair<FreshFilter, Found>> found;
    for (int n = 0; n < 8; ++n) {
      auto one = filter();
      auto by = by_search(one);
      found.emplace_back(std::move(one), std::move(by));
    }
    for (auto& [one, by] : found) {
      Found want;
      for (const auto& [id, mail] : waiting_)
        for (const auto recipient : mail.open)
          if (one.matches(mail.envelope, recipient)) want.emplace_back(id, recipient);
      std::ranges::sort(want);
      CHECK_MESSAGE(std::ranges::adjacent_find(by) == by.end(), "twice");
      std::ranges::sort(by);
      std::string missing, surplus;
      for (const auto& [id, n] : want)
        if (!std::ranges::binary_search(by, std::pair(id, n))) missing += id.text() + ":" + std::to_string(n) + " ";
      for (const auto& [id, n] : by)
        if (!std::ranges::binary_search(want, std::pair(id, n))) surplus += id.text() + ":" + std::to_string(n) + " ";
      CHECK_MESSAGE(missing.empty(), missing);
      CHECK_MESSAGE(surplus.empty(), surplus);
      ++searches_;
    }
  }

  std::mt19937_64 random_;
  Rig rig_;
  std::unique_ptr<Spool> spool_;
  struct Waiting {
    Envelope envelope;
    std::set<std::uint32_t> open;
  };
  std::map<TraceId, Waiting> waiting_;
  std::set<TraceId> bounced_;  // a bounce is made once
  Envelope last_;
  std::uint64_t sequence_ = 0, searches_ = 0;
};

}  // namespace

TEST_CASE("incoming: a search finds what brute force finds, whatever became of the digests") {
  std::uint64_t searches = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CAPTURE(seed);
    Story story(seed);
    story.run();
    searches += story.searches();
  }
  CHECK(searches == seeds() * 5 * 3 * 8);
}

namespace {

// `count` messages to r0@example.net of one sealed segment, with a whole digest.
void fill(Rig& rig, int count) {
  auto journal = storage::open_file_journal(rig.disk, journal_folder, rig.incoming_options());
  REQUIRE(journal);
  DigestKeeper digests(rig.disk, std::string(journal_folder));
  digests.start();
  for (int n = 0; n < count; ++n) {
    Envelope mail;
    mail.id = {1, 1, 1, static_cast<std::uint64_t>(n + 1)};
    mail.recipients = {{{"r" + std::to_string(n), "example.net"}, "", {}}};
    const auto head = encode(MessageHead{TextPlace::InRecord, mail});
    const storage::Record record[] = {{head, {}}};
    const auto at = (*journal)->append(record);
    REQUIRE(at);
    digests.add(at->front(), (*journal)->segment_seed(), digest_entry(mail));
  }
  digests.finish();
  REQUIRE((*journal)->close());
  CHECK(digests.tend());
  CHECK(!digests.tend());
}

std::uint64_t reads_of(Rig& rig, Spool& spool, const std::string& recipient, std::size_t expected) {
  FreshFilter filter;
  filter.hashed.recipient = recipient;
  filter.matches = [&](const Envelope& mail, std::uint32_t n) { return mail.recipients[n].address.text() == recipient; };
  const auto before = rig.disk.calls(io::DiskCall::Read);
  const auto page = spool.find_fresh(filter, {}, 10, {});
  REQUIRE(page);
  CHECK(page->found.size() == expected);
  CHECK(!page->next);
  return rig.disk.calls(io::DiskCall::Read) - before;
}

}  // namespace

TEST_CASE("incoming: with its digest a segment's heads are not read; without it they are") {
  Rig rig;
  fill(rig, 20);
  auto spool = rig.open();
  CHECK(reads_of(rig, *spool, "nobody@example.net", 0) <= 4);
  CHECK(reads_of(rig, *spool, "r7@example.net", 1) <= 10);
  const auto digest = std::string(journal_folder) + "/digest-1";
  REQUIRE(rig.disk.remove(digest));
  CHECK(reads_of(rig, *spool, "r7@example.net", 1) > 0);
  // Its owner's next life makes it again.
  DigestKeeper digests(rig.disk, std::string(journal_folder));
  digests.start();
  CHECK(digests.tend());
  CHECK(rig.disk.info(digest));
  CHECK(reads_of(rig, *spool, "nobody@example.net", 0) <= 4);
  digests.forget(storage::SegmentNumber{1});
  CHECK(!rig.disk.info(digest));
}

TEST_CASE("incoming: digests of segments that are no more go when their owner starts") {
  Rig rig;
  fill(rig, 3);
  for (const char* name : {"digest-77", "digest-1.new", "digest-x", "blob-7"})
    REQUIRE((*rig.disk.open(std::string(journal_folder) + "/" + name, io::OpenMode::Create))->write_at(0, "x"));
  DigestKeeper digests(rig.disk, std::string(journal_folder));
  digests.start();
  const auto there = [&](const std::string& name) { return rig.disk.info(std::string(journal_folder) + "/" + name).has_value(); };
  CHECK(there("digest-1"));
  CHECK(there("digest-x"));
  CHECK(there("blob-7"));
  CHECK(!there("digest-77"));
  CHECK(!there("digest-1.new"));
}

TEST_CASE("incoming: no octet of a digest may be another") {
  DigestRows rows;
  Envelope mail;
  mail.recipients = {{{"a", "b.example"}, "", {}}, {{"c", "d.example"}, "", {}}};
  rows.add(4096, digest_entry(mail));
  rows.add(4200, digest_entry(mail));
  const auto octets = rows.encode({.segment = storage::SegmentNumber{5}, .from = 0, .until = 4201}, 99);
  const auto part = parse_digest_part(octets, storage::SegmentNumber{5}, 99);
  REQUIRE(part);
  CHECK(part->octets() == octets.size());
  CHECK(part->messages == 2);
  CHECK(part->recipients == 4);
  CHECK(!parse_digest_part(octets, storage::SegmentNumber{6}, 99));
  CHECK(!parse_digest_part(octets, storage::SegmentNumber{5}, 98));
  for (std::size_t cut = 0; cut < digest_header_octets; ++cut) CHECK(!parse_digest_part(octets.substr(0, cut), storage::SegmentNumber{5}, 99));
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("/d"));
  for (std::size_t n = 0; n < octets.size(); ++n) {
    auto damaged = octets;
    damaged[n] = static_cast<char>(damaged[n] ^ 0x10);
    REQUIRE((*disk.open("/d/digest-5", io::OpenMode::Create))->write_at(0, damaged));
    auto file = DigestFile::open(disk, "/d", storage::SegmentNumber{5}, 99);
    REQUIRE(file);
    const auto read = file->next();
    DigestRows copy;
    CHECK_MESSAGE(!(read && copy.append(*file, *read)), "octet " << n);
  }
}
