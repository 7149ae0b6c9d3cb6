// The contract of Journal as one test suite: every implementation supplies a fixture and passes all of it. Include it
// in the implementation's test file and call journal_contract(make) from a TEST_CASE, where make() gives a fresh one.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "storage/journal.h"

namespace hikyaku::storage {

class JournalFixture {
 public:
  virtual ~JournalFixture() = default;
  virtual JournalResult<std::unique_ptr<JournalWriter>> open_writer() = 0;
  virtual std::unique_ptr<JournalReader> open_reader() = 0;
  virtual void fail_next_flush() = 0;
  // The writer's process dies without a word; readers may die with it and are opened again.
  virtual void kill() = 0;
};
using MakeFixture = std::function<std::unique_ptr<JournalFixture>()>;

namespace contract {

inline std::vector<Position> append(JournalWriter& writer, const std::vector<std::pair<std::string, std::string>>& group) {
  std::vector<Record> records;
  for (const auto& [head, body] : group)
    records.push_back({head, {std::string_view(body).substr(0, body.size() / 3), std::string_view(body).substr(body.size() / 3)}});
  auto positions = writer.append(records);
  REQUIRE_MESSAGE(positions, positions.error().what);
  return *positions;
}

struct AllHeads {
  std::vector<RecordHead> heads;
  std::vector<SegmentNumber> finished;
  Position next;
};
inline AllHeads read_all(JournalReader& reader, Position from = {}, std::size_t limit = 7) {
  AllHeads all;
  for (;;) {
    auto page = reader.heads(from, limit);
    REQUIRE_MESSAGE(page, page.error().what);
    CHECK(page->heads.size() <= limit);
    all.heads.insert(all.heads.end(), page->heads.begin(), page->heads.end());
    all.finished.insert(all.finished.end(), page->finished.begin(), page->finished.end());
    if (page->heads.empty() && page->next == from) return all.next = from, all;
    from = page->next;
  }
}
inline std::string names(const AllHeads& all) {
  std::string out;
  for (const auto& head : all.heads) out += head.head + " ";
  return out;
}

inline void reads_back(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  auto reader = journal.open_reader();
  CHECK(read_all(*reader).heads.empty());
  const std::string body(1000, 'b');
  const auto at = append(*writer, {{"one", body}, {"two", ""}, {"", "no head"}});
  REQUIRE(at.size() == 3);
  CHECK(at[0] < at[1]);
  const auto all = read_all(*reader);
  REQUIRE(all.heads.size() == 3);
  CHECK(all.finished.empty());
  for (std::size_t i = 0; i < 3; ++i) CHECK(all.heads[i].at == at[i]);
  CHECK(all.heads[0].head == "one");
  CHECK(all.heads[0].body_octets == 1000);
  CHECK(*reader->body(at[0], 0, 1000) == body);
  CHECK(*reader->body(at[0], 0, 5000) == body);
  CHECK(*reader->body(at[0], 990, 20) == std::string(10, 'b'));
  CHECK(reader->body(at[0], 2000, 20)->empty());
  CHECK(reader->body(at[1], 0, 10)->empty());
  CHECK(*reader->body(at[2], 3, 4) == "head");
  CHECK(*reader->head(at[1]) == "two");
  for (const auto& one : at) {
    const auto sum = reader->body_checksum(one);
    REQUIRE(sum);
    const auto whole = *reader->body(one, 0, 5000);
    CHECK(sum->octets == whole.size());
    CHECK(sum->value == checksum(whole, sum->seed));
  }
  CHECK(!reader->body_checksum(*reader->durable_end()));
  CHECK(*reader->durable_end() > at[2]);
  append(*writer, {{"four", "4"}});
  const auto later = read_all(*reader, all.next);
  CHECK(names(later) == "four ");
  CHECK_MESSAGE(!reader->head(*reader->durable_end()), "nothing is beyond the durable end");
}

// Of a file another generation may lie in, of a memory another thread's: whatever is in the way, never something else.
inline void a_body_at_hand_is_the_whole_or_nothing(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  auto reader = journal.open_reader();
  const std::string body(10'000, 'b');
  const auto at = append(*writer, {{"one", body}, {"two", ""}, {std::string(3000, 'h'), "long head"}});
  read_all(*reader);
  const auto opened = reader->body(at[0], 0, 1);  // from here on the segment is known and open
  REQUIRE(opened);
  CHECK(reader->body_at_hand(at[0], body.size()).value_or(body) == body);
  CHECK(reader->body_at_hand(at[1], 0) == "");
  CHECK(!reader->body_at_hand(at[0], body.size() - 1));
  CHECK(!reader->body_at_hand(at[0], body.size() + 1));
  CHECK(reader->body_at_hand(at[2], 9).value_or("long head") == "long head");
  CHECK(!reader->body_at_hand(Position{at[0].segment, at[0].offset + 8}, body.size()));
  CHECK(!reader->body_at_hand(*reader->durable_end(), 0));
  CHECK(!reader->body_at_hand(Position{SegmentNumber{at[0].segment.value() + 1}, at[0].offset}, body.size()));
  REQUIRE(writer->seal());
  const auto all = read_all(*reader);
  REQUIRE(all.finished.size() == 1);
  CHECK(reader->body_at_hand(at[0], body.size()).value_or(body) == body);
  REQUIRE(reader->release(all.finished.front()));
  CHECK_MESSAGE(!reader->body_at_hand(at[0], body.size()), "it was given back");
}

inline void write_shows_nothing_before_flush(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  auto reader = journal.open_reader();
  append(*writer, {{"a", "1"}});
  const Record later[] = {{"b", {"2"}}};
  const auto at = writer->write(later);
  REQUIRE(at);
  CHECK(names(read_all(*reader)) == "a ");
  CHECK(!reader->body(at->front(), 0, 1));
  REQUIRE(writer->write(later));
  REQUIRE(writer->flush());
  CHECK(names(read_all(*reader)) == "a b b ");
  CHECK(*reader->body(at->front(), 0, 1) == "2");
  const auto flushes = writer->flush_count();
  REQUIRE(writer->flush());
  CHECK_MESSAGE(writer->flush_count() == flushes, "nothing to flush, nothing flushed");
}

inline void failed_flush_voids_the_group(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  auto reader = journal.open_reader();
  append(*writer, {{"a", "1"}});
  const Record early[] = {{"early", {"x"}}};
  REQUIRE(writer->write(early));
  journal.fail_next_flush();
  const Record lost[] = {{"lost", {"x"}}, {"lost too", {"y"}}};
  const auto failed = writer->append(lost);
  REQUIRE(!failed);
  CHECK(failed.error().kind == JournalFailure::FlushFailed);
  CHECK(names(read_all(*reader)) == "a ");
  append(*writer, {{"b", "2"}});
  const auto all = read_all(*reader);
  CHECK(names(all) == "a b ");
  CHECK(all.heads[0].at.segment < all.heads[1].at.segment);
  CHECK(all.finished == std::vector{all.heads[0].at.segment});
  REQUIRE(writer->close());
  writer = *journal.open_writer();
  CHECK_MESSAGE(names(read_all(*journal.open_reader())) == "a b ", "void for ever");
}

inline void one_owner(JournalFixture& journal) {
  auto first = *journal.open_writer();
  const auto token = first->fencing_token();
  CHECK(token > 0);
  const auto second = journal.open_writer();
  REQUIRE(!second);
  CHECK(second.error().kind == JournalFailure::NotOwner);
  append(*first, {{"a", ""}});
  REQUIRE(first->close());
  const Record record[] = {{"late", {}}};
  CHECK(first->append(record).error().kind == JournalFailure::NotOwner);
  CHECK(first->flush().error().kind == JournalFailure::NotOwner);
  CHECK(first->seal().error().kind == JournalFailure::NotOwner);
  auto next = *journal.open_writer();
  CHECK(next->fencing_token() > token);
  append(*next, {{"b", ""}});
  CHECK(names(read_all(*journal.open_reader())) == "a b ");
}

inline void crash_keeps_what_was_appended(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  const auto token = writer->fencing_token();
  append(*writer, {{"a", "1"}});
  const Record unflushed[] = {{"u", {"2"}}};
  REQUIRE(writer->write(unflushed));
  journal.kill();
  const Record ghost[] = {{"ghost", {}}};
  CHECK_MESSAGE(!writer->append(ghost), "the dead do not write");
  auto next = *journal.open_writer();
  CHECK(next->fencing_token() > token);
  CHECK(next->damaged_records() == 0);
  auto reader = journal.open_reader();
  const auto before = read_all(*reader);
  CHECK_MESSAGE(names(before) == "a u ", "a crash of the process loses nothing that was written");
  CHECK_MESSAGE(before.finished.size() == 1, "a recovered segment is sealed");
  append(*next, {{"b", "3"}});
  CHECK(names(read_all(*reader)) == "a u b ");
}

inline void segments_follow_and_are_released(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  auto reader = journal.open_reader();
  std::vector<Position> at;
  std::string want;
  const std::string body(writer->largest_group() / 5, 'x');
  for (int i = 0; i < 30; ++i) {
    const auto name = std::to_string(i);
    at.push_back(append(*writer, {{name, body + name}}).front());
    want += name + " ";
  }
  const auto all = read_all(*reader);
  CHECK(names(all) == want);
  REQUIRE(all.finished.size() >= 5);
  CHECK(std::ranges::is_sorted(all.finished));
  CHECK(*reader->finished_segments() == all.finished);
  const auto facts = *reader->segments();
  REQUIRE(facts.size() >= all.finished.size());
  CHECK(facts.back().seed == writer->segment_seed());
  std::set<std::uint64_t> seeds;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    seeds.insert(facts[i].seed);
    const auto in_it = static_cast<std::uint32_t>(std::ranges::count(all.heads, facts[i].number, [](const auto& head) { return head.at.segment; }));
    CHECK(facts[i].end.has_value() == (i < all.finished.size()));
    if (i >= all.finished.size()) continue;
    CHECK(facts[i].number == all.finished[i]);
    CHECK(facts[i].records.value_or(in_it) == in_it);
    for (const auto& head : all.heads)
      if (head.at.segment == facts[i].number) CHECK(head.at.offset < *facts[i].end);
  }
  CHECK(seeds.size() == facts.size());
  for (std::size_t i = 0; i < at.size(); ++i) CHECK(*reader->body(at[i], 0, UINT32_MAX) == body + std::to_string(i));
  CHECK(writer->tend_pool()->empty());

  // Out of order, as it happens when one message takes long.
  const auto second = all.finished[1], first = all.finished[0];
  REQUIRE(reader->release(second));
  REQUIRE(reader->release(second));
  CHECK(reader->body(all.heads.front().at, 0, 1));
  for (const auto& head : all.heads)
    if (head.at.segment == second) {
      CHECK(reader->body(head.at, 0, 1).error().kind == JournalFailure::Gone);
      CHECK(reader->head(head.at).error().kind == JournalFailure::Gone);
    }
  CHECK(*writer->tend_pool() == std::vector{second});
  CHECK(writer->tend_pool()->empty());
  for (const auto& one : *reader->segments()) CHECK(one.number != second);
  auto restarted = journal.open_reader();
  const auto rest = read_all(*restarted);
  for (const auto& head : rest.heads) CHECK(head.at.segment != second);
  CHECK(rest.heads.front().at.segment == first);
  CHECK(rest.heads.size() < 30);

  for (const auto segment : all.finished) REQUIRE(restarted->release(segment));
  REQUIRE(writer->tend_pool());
  const auto used = writer->usage().octets_on_disk;
  for (int i = 0; i < 200; ++i) {
    append(*writer, {{"again", body}});
    const auto page = reader->heads({}, 100);
    REQUIRE(page);
    for (const auto segment : page->finished) REQUIRE(reader->release(segment));
    REQUIRE(writer->tend_pool());
  }
  CHECK_MESSAGE(writer->usage().octets_on_disk <= used * 2, "released segments are used again");
}

inline void numbers_never_return(JournalFixture& journal) {
  Position last;
  for (int i = 0; i < 6; ++i) {
    auto writer = *journal.open_writer();
    const auto at = append(*writer, {{"x", "y"}}).front();
    CHECK(at.segment > last.segment);
    last = at;
    if (i % 2 == 0) REQUIRE(writer->close());
    else journal.kill();
    auto reader = journal.open_reader();
    for (const auto segment : read_all(*reader).finished) REQUIRE(reader->release(segment));
  }
}

inline void refuses_what_is_too_large(JournalFixture& journal) {
  auto writer = *journal.open_writer();
  const std::string body(writer->largest_group(), 'x'), head(largest_head_octets + 1, 'h');
  const Record large[] = {{"h", {body}}};
  CHECK(writer->append(large).error().kind == JournalFailure::TooLarge);
  const Record large_head[] = {{head, {}}};
  CHECK(writer->append(large_head).error().kind == JournalFailure::TooLarge);
  const std::string fitting(writer->largest_group() - 2 * 5 - 128, 'x');
  const Record fits[] = {{"right", {fitting}}};
  CHECK(writer->append(fits));
  CHECK(writer->append(fits));
  CHECK(writer->append({})->empty());
  CHECK(names(read_all(*journal.open_reader())) == "right right ");
}

}  // namespace contract

inline void journal_contract(const MakeFixture& make) {
  const std::pair<const char*, void (*)(JournalFixture&)> rules[] = {
      {"what is appended reads back, whole and in ranges", contract::reads_back},
      {"a body at hand is the whole or nothing", contract::a_body_at_hand_is_the_whole_or_nothing},
      {"write shows nothing before flush", contract::write_shows_nothing_before_flush},
      {"a failed flush voids its group for ever", contract::failed_flush_voids_the_group},
      {"one owner at a time, tokens rise", contract::one_owner},
      {"a crash keeps what was written and seals it", contract::crash_keeps_what_was_appended},
      {"segments follow each other and are recycled after release", contract::segments_follow_and_are_released},
      {"segment numbers never return", contract::numbers_never_return},
      {"too large a group is refused", contract::refuses_what_is_too_large},
  };
  for (const auto& [name, rule] : rules) {
    CAPTURE(name);
    auto fixture = make();
    rule(*fixture);
  }
}

}  // namespace hikyaku::storage
