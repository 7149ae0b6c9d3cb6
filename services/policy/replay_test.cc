#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/policy/replay.h"
#include "services/policy/session_journal.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using Given = SessionRecord::Verdict;
using AnswersAre = SessionRecord::AnswersAre;

namespace {

const WallTime start{std::chrono::days{20'000}};

Config with(std::initializer_list<RuleId> enforced, GreylistScope scope = GreylistScope::Nobody) {
  Config config;
  for (const auto rule : enforced) config.modes[static_cast<std::size_t>(rule)] = Mode::Enforce;
  config.greylist = scope;
  return config;
}

// A client whose name leads back to it.
SessionRecord record(std::string_view session, WallTime at, std::string_view client, const std::string& name, Given verdict = Given::Taken, std::string sender = "a") {
  SessionRecord one;
  one.session = session;
  one.attempt = {.client = *io::IpAddress::parse(client), .helo = name, .our_name = {}, .reverse_path = {{std::move(sender), "out.example"}}, .recipient = {"taro", "here.example"}, .now = at};
  one.verdict = verdict;
  const std::string address(client);
  one.answers[{RecordType::Ptr, listing_name(one.attempt.client, "in-addr.arpa")}] = name.empty() ? Answer{} : Answer{Answer::Kind::Records, {name}};
  if (!name.empty()) one.answers[{RecordType::A, name}] = {Answer::Kind::Records, {address}};
  one.answers[{RecordType::Txt, "out.example"}] = {};
  return one;
}

SessionRecord as_before(SessionRecord one) {
  one.answers.clear();
  one.answers_are = AnswersAre::AsBefore;
  return one;
}

const std::string home = "ppp12345.line.example", office = "mail.office.example";

}  // namespace

TEST_CASE("a record comes back as it was, whatever strangers wrote") {
  auto one = record("3f.1", start + 5s, "192.0.2.7", home, Given::Deferred);
  one.rule = "s25r";
  one.attempt.helo = "a b|%\n";
  one.attempt.reverse_path.address = {"x y\"@z", "out.example"};
  one.attempt.sender_is = SenderIs::Ours;
  one.answers[{RecordType::Mx, "null.example"}] = {Answer::Kind::Records, {""}};
  one.answers[{RecordType::Txt, "t.example"}] = {Answer::Kind::Records, {"v=spf1 -all", "-", "a|b"}};
  one.answers[{RecordType::Aaaa, "f.example"}] = {Answer::Kind::Failure, {}};
  const auto line = session_line(one);
  CHECK(line.find('\n') == line.size() - 1);
  const auto read = parse_session_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(read);
  CHECK(read->attempt.helo == one.attempt.helo);
  CHECK(read->attempt.reverse_path == one.attempt.reverse_path);
  CHECK(read->attempt.recipient == one.attempt.recipient);
  CHECK(read->attempt.sender_is == SenderIs::Ours);
  CHECK(read->verdict == Given::Deferred);
  CHECK(read->rule == "s25r");
  CHECK(read->answers_are == AnswersAre::Here);
  REQUIRE(read->answers.size() == one.answers.size());
  for (const auto& [question, answer] : one.answers) {
    REQUIRE(read->answers.contains(question));
    CHECK(read->answers.at(question).kind == answer.kind);
    CHECK(read->answers.at(question).records == answer.records);
  }
  auto nobody = as_before(one);
  nobody.attempt.reverse_path = {};
  nobody.attempt.helo.clear();
  const auto short_line = session_line(nobody);
  const auto again = parse_session_line(std::string_view(short_line).substr(0, short_line.size() - 1));
  REQUIRE(again);
  CHECK(again->attempt.reverse_path.is_null());
  CHECK(again->answers_are == AnswersAre::AsBefore);
}

TEST_CASE("a line that is none is nothing, and one that is too long says so") {
  for (const auto* wrong : {"", "x", "1 s", "1 s 192.0.2.1 - - t@h 0 t", "x s 192.0.2.1 - - t@h 0 t - =", "1  192.0.2.1 - - t@h 0 t - =", "1 s 192.0.2 - - t@h 0 t - =", "1 s 192.0.2.1 - - t@h 2 t - =",
                            "1 s 192.0.2.1 - - t@h 0 x - =", "1 s 192.0.2.1 - - t@h 0 tt - =", "1 s 192.0.2.1 %z - t@h 0 t - =", "1 s 192.0.2.1 - - t@h 0 t - a", "1 s 192.0.2.1 - - t@h 0 t - a|x",
                            "1 s 192.0.2.1 - - t@h 0 t - q|x|n", "1 s 192.0.2.1 - - t@h 0 t - a|x|z", "1 s 192.0.2.1 - - t@h 0 t - a|x|r", "1 s 192.0.2.1 - - t@h 0 t - a|x|n|1", "1 s 192.0.2.1 - - t@h 0 t - ! a|x|n",
                            "999999999999999 s 192.0.2.1 - - t@h 0 t - =", "1 s 192.0.2.1 - - t@h 0 t - = a|x|n"})
    CHECK_MESSAGE(!parse_session_line(wrong), wrong);
  auto large = record("s", start, "192.0.2.7", home);
  for (int i = 0; i < 100; ++i) large.answers[{RecordType::Txt, std::to_string(i) + ".example"}] = {Answer::Kind::Records, {std::string(2'000, 'x')}};
  const auto line = session_line(large);
  CHECK(line.size() <= longest_session_record);
  const auto read = parse_session_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(read);
  CHECK(read->answers_are == AnswersAre::Cut);
}

TEST_CASE("a rule that is switched on stops whom it would have stopped, and nobody else") {
  Replay replay(with({}), with({RuleId::S25r}), {}, "mx.here.example");
  replay.take(record("s.1", start, "192.0.2.7", home));
  replay.take(record("s.2", start + 1s, "198.51.100.7", office));
  replay.take(as_before(record("s.1", start + 600s, "192.0.2.7", home)));
  const auto& totals = replay.totals();
  CHECK(totals.records == 3);
  CHECK(totals.as_then == 3);
  CHECK(totals.now.taken == 3);
  CHECK(totals.changed.taken == 1);
  CHECK(totals.changed.deferred == 2);
  CHECK(totals.changed.unknown == 0);
  CHECK(totals.newly_stopped == 2);
  CHECK(totals.newly_stopped_taken_then == 2);
  CHECK(totals.by_rule.at("s25r") == 2);
  CHECK(replay.top_clients(10) == Replay::Ranking{{"192.0.2.7", 2}});
  CHECK(replay.top_senders(10) == Replay::Ranking{{"a@out.example", 2}});
  const auto victims = replay.victims(10);
  REQUIRE(victims.size() == 1);
  CHECK(victims[0].client_name == home);
  CHECK(victims[0].tries == 2);
  CHECK(victims[0].taken_then == 2);
  CHECK_FALSE(victims[0].refused);
  CHECK_FALSE(victims[0].came_in_later);
  CHECK(victims[0].likely.percent > 25);  // it came again, as servers do
}

TEST_CASE("a rule that is switched off lets in whom it kept out; who came in later was no spammer") {
  Replay replay(with({RuleId::S25r}), with({}), {}, "mx.here.example");
  replay.take(record("s.1", start, "192.0.2.7", home, Given::Deferred));
  CHECK(replay.totals().newly_taken == 1);
  CHECK(replay.totals().newly_stopped == 0);
  CHECK(replay.totals().by_rule.at("s25r") == -1);

  Replay strict(with({}), with({RuleId::ReverseName}), {}, "mx.here.example");
  strict.take(record("s.1", start, "192.0.2.7", ""));
  strict.take(record("s.2", start + 3'600s, "192.0.2.8", office));
  const auto victims = strict.victims(10);
  REQUIRE(victims.size() == 1);
  CHECK(victims[0].came_in_later);
}

TEST_CASE("what was not asked then is not guessed, and may be asked now") {
  auto bare = record("s.1", start, "192.0.2.7", home);
  bare.answers.clear();
  Replay replay(with({}), with({RuleId::S25r}), {}, "mx.here.example");
  replay.take(bare);
  CHECK(replay.totals().now.taken == 1);
  CHECK(replay.totals().changed.unknown == 1);
  CHECK(replay.totals().newly_stopped == 0);
  CHECK(replay.totals().missing == std::set<Question>{{RecordType::Ptr, "7.2.0.192.in-addr.arpa"}});
  Replay asked(with({}), with({RuleId::S25r}), {}, "mx.here.example");
  asked.know({RecordType::Ptr, "7.2.0.192.in-addr.arpa"}, {Answer::Kind::Records, {home}});
  asked.take(bare);
  CHECK(asked.totals().missing == std::set<Question>{{RecordType::A, home}});
  Replay all(with({}), with({RuleId::S25r}), {}, "mx.here.example");
  all.know({RecordType::Ptr, "7.2.0.192.in-addr.arpa"}, {Answer::Kind::Records, {home}});
  all.know({RecordType::A, home}, {Answer::Kind::Records, {"192.0.2.7"}});
  all.take(bare);
  CHECK(all.totals().changed.deferred == 1);
  Replay lost(with({}), with({RuleId::S25r}), {}, "mx.here.example");
  lost.take(as_before(record("never.seen", start, "192.0.2.7", home)));
  CHECK(lost.totals().changed.unknown == 1);
}

TEST_CASE("behind a lost line no session has the answers that it had before") {
  Replay replay(with({}), with({RuleId::S25r}), {}, "mx.here.example");
  replay.take(record("s.1", start, "192.0.2.7", home));
  replay.lost();
  replay.take(as_before(record("s.1", start + 1s, "192.0.2.7", home)));
  CHECK(replay.totals().changed.deferred == 1);
  CHECK(replay.totals().changed.unknown == 1);
  replay.take(record("s.1", start + 2s, "192.0.2.7", home));
  replay.take(as_before(record("s.1", start + 3s, "192.0.2.7", home)));
  CHECK(replay.totals().changed.deferred == 3);
  CHECK(replay.totals().changed.unknown == 1);
}

TEST_CASE("greylisting is played with a memory of its own: who came again passes, and is known from then on") {
  const auto rgrey = with({RuleId::S25r, RuleId::Greylist}, GreylistScope::Suspects);
  Replay replay(with({}), rgrey, {}, "mx.here.example");
  replay.take(record("s.1", start, "192.0.2.7", home));
  replay.take(record("s.2", start + 30min, "192.0.2.7", home));
  replay.take(record("s.3", start + 40min, "192.0.2.9", home, Given::Taken, "b"));
  CHECK(replay.totals().changed.deferred == 1);
  CHECK(replay.totals().changed.taken == 2);
  CHECK(replay.totals().by_rule.at("greylist") == 1);
}

TEST_CASE("the journal keeps a file a day, within its days and octets") {
  io::SimulatedDisk disk;
  SessionJournal journal(disk, "/policy", {.days = 2, .octets = 100'000});
  const auto day = std::chrono::days{1};
  for (int n = 0; n < 5; ++n) {
    journal.add(record("s", start + n * day, "192.0.2.7", home));
    REQUIRE(journal.save(start + n * day));
  }
  const auto files = session_files(disk, "/policy", WallTime{});
  CHECK(files.size() == 3);
  CHECK(files.back() == session_file("/policy", start + 4 * day));
  CHECK(session_files(disk, "/policy", start + 4 * day + 1s).size() == 1);
  journal.add(record("s", start + 4 * day, "192.0.2.7", office));
  REQUIRE(journal.save(start + 4 * day));
  const auto text = io::read_file(disk, files.back());
  REQUIRE(text);
  CHECK(text->starts_with(std::string(sessions_heading) + "\n"));
  CHECK(std::ranges::count(*text, '\n') == 3);

  for (int n = 0; n < 1'000; ++n) journal.add(record("s", start + 4 * day, "192.0.2.7", home));
  REQUIRE(journal.save(start + 4 * day));
  CHECK(journal.left_out() == 1'000);
  CHECK(session_files(disk, "/policy", WallTime{}).size() >= 1);

  SessionJournal again(disk, "/policy", {.days = 2, .octets = 100'000});
  again.add(record("s", start + 4 * day, "192.0.2.7", office));
  REQUIRE(again.save(start + 4 * day));
  CHECK(io::read_file(disk, files.back())->find("\n\n") != std::string::npos);  // behind what may be torn

  again.set_terms({.days = 0});
  CHECK_FALSE(again.records());
  REQUIRE(again.save(start + 5 * day));
  for (const auto* name : {"sessions-2026-11-23", "sessions-0001-01-01"}) CHECK(day_of_session_file(name));
  for (const auto* name : {"sessions-2026-11-31", "sessions-2026-1-23", "sessions-", "greylist", "sessions-2026-11-23.old", "sessions-2026x11-23", "essions-2026-11-23"}) CHECK_FALSE(day_of_session_file(name));
}

namespace {

std::vector<std::string> lines_of(io::Disk& disk) {
  std::vector<std::string> lines;
  for (const auto& name : session_files(disk, "/policy", WallTime{})) {
    const auto text = *io::read_file(disk, name);
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) lines.push_back(text.substr(at, end - at));
  }
  std::erase_if(lines, [](const auto& line) { return line == sessions_heading || line.empty(); });
  for (auto& line : lines)
    if (const auto record = parse_session_line(line)) line = record->session;
  return lines;
}

}  // namespace

TEST_CASE("where lines found no room the journal has a gap, and behind it goes on") {
  using Lines = std::vector<std::string>;
  auto large = record("large", start, "192.0.2.7", home);
  for (int i = 0; i < 60; ++i) large.answers[{RecordType::Txt, std::to_string(i) + ".example"}] = {Answer::Kind::Records, {std::string(1'000, 'x')}};
  const auto small = record("small", start, "192.0.2.7", home);

  io::SimulatedDisk full;  // no room in memory
  SessionJournal waiting(full, "/policy", {});
  while (waiting.left_out() == 0) waiting.add(large);
  waiting.add(small), waiting.add(small);  // there is room for these
  REQUIRE(waiting.save(start));
  auto lines = lines_of(full);
  REQUIRE(lines.size() > 3);
  CHECK(Lines(lines.end() - 4, lines.end()) == Lines{"large", "gap", "small", "small"});
  CHECK(std::ranges::count(lines, "gap") == 1);

  io::SimulatedDisk disk;  // none of its octets, and then a disk that fails
  SessionJournal journal(disk, "/policy", {.days = 30, .octets = 10'000});
  journal.add(small);
  REQUIRE(journal.save(start));
  journal.add(large);
  REQUIRE(journal.save(start));
  journal.add(small);
  REQUIRE(journal.save(start));
  CHECK(lines_of(disk) == Lines{"small", "gap", "small"});
  const auto tomorrow = start + std::chrono::days{1};
  for (int i = 0; i < 2; ++i) {  // when the day's file is made, and later
    journal.add(small);
    disk.fail(io::DiskCall::Write, 1, io::DiskFailure::Broken);
    CHECK_FALSE(journal.save(tomorrow));
    journal.add(small);
    REQUIRE(journal.save(tomorrow));
    const auto now = lines_of(disk);
    CHECK(Lines(now.end() - 2, now.end()) == Lines{"gap", "small"});
  }
}
