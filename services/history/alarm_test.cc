#include <doctest/doctest.h>

#include "services/history/alarm.h"
#include "services/history/suspended.h"

namespace hikyaku::history {
namespace {

using Change = AlarmNotice::Change;
const Time begin{Seconds{1'795'305'600}};

Levels levels(Time at, std::uint64_t messages, std::uint64_t oldest = 0) { return {at, {messages, messages * 1'000, oldest}, {}, {0, 0, oldest}}; }

AlarmLimits limits(Alarm alarm, std::uint64_t limit) {
  AlarmLimits all;
  all.of(alarm) = limit;
  return all;
}

TEST_CASE("an alarm is raised once and cleared once, well below its limit") {
  AlarmWatch watch;
  const auto rule = limits(Alarm::Messages, 1'000);
  std::vector<std::pair<int, Change>> seen;
  int minute = 0;
  for (const std::uint64_t count : {0, 900, 1'000, 1'001, 999, 1'200, 801, 1'001, 801, 800, 801, 999, 1'000, 1'001}) {
    const auto now = begin + std::chrono::minutes{minute};
    for (int again = 0; again < 3; ++again)  // the same sample, looked at again
      for (const auto& notice : watch.look(rule, levels(now, count), now)) seen.emplace_back(minute, notice.change);
    ++minute;
  }
  CHECK(seen == std::vector<std::pair<int, Change>>{{3, Change::Raised}, {9, Change::Cleared}, {13, Change::Raised}});
}

TEST_CASE("each limit looks at its own figure, and zero is none") {
  const auto now = begin;
  const Levels all{now, {10, 5'000, 700}, {20, 6'000, 0}, {30, 0, 900}};
  const std::pair<Alarm, std::uint64_t> values[] = {{Alarm::IncomingAge, 700}, {Alarm::DeferredAge, 900}, {Alarm::Messages, 30}, {Alarm::Octets, 11'000}};
  for (const auto& [alarm, value] : values) {
    CAPTURE(alarm_name(alarm));
    CHECK(AlarmWatch().look(limits(alarm, value), all, now).empty());
    const auto notices = AlarmWatch().look(limits(alarm, value - 1), all, now);
    REQUIRE(notices.size() == 1);
    CHECK(notices[0] == AlarmNotice{Change::Raised, alarm, value, value - 1, now, now});
    CHECK(parse_alarm(alarm_name(alarm)) == alarm);
  }
  CHECK(AlarmWatch().look({}, all, now).empty());
}

TEST_CASE("growth is told against the lowest of the last hour") {
  AlarmWatch watch;
  const auto rule = limits(Alarm::Growth, 100);
  std::vector<int> raised, cleared;
  for (int minute = 0; minute < 240; ++minute) {
    const auto now = begin + std::chrono::minutes{minute};
    // Slowly upwards by one a minute, then 150 more at once; that level stays.
    const auto count = static_cast<std::uint64_t>(minute) + (minute >= 120 ? 150 : 0);
    for (const auto& notice : watch.look(rule, levels(now, count), now)) (notice.change == Change::Raised ? raised : cleared).push_back(minute);
  }
  CHECK(raised == std::vector<int>{120});
  CHECK(cleared == std::vector<int>{180});  // an hour later the old level is forgotten: 60 <= 80
}

TEST_CASE("silence is told when samples stop, and also when none ever came") {
  const auto rule = limits(Alarm::Silence, 300);
  AlarmWatch never;
  CHECK(never.look(rule, std::nullopt, begin).empty());
  CHECK(never.look(rule, std::nullopt, begin + Seconds{300}).empty());
  REQUIRE(never.look(rule, std::nullopt, begin + Seconds{301}).size() == 1);

  AlarmWatch watch;
  CHECK(watch.look(rule, levels(begin - std::chrono::days{1}, 1), begin).empty());  // deliver may be starting as we are
  CHECK(watch.look(rule, levels(begin, 1), begin + Seconds{300}).empty());
  CHECK(watch.look(rule, levels(begin, 1), begin + Seconds{301}).size() == 1);
  const auto over = watch.look(rule, levels(begin + Seconds{400}, 1), begin + Seconds{401});
  REQUIRE(over.size() == 1);
  CHECK(over[0].change == Change::Cleared);
  CHECK(over[0].since == begin + Seconds{301});
}

TEST_CASE("a limit that is taken away clears its alarm, and a new life does not raise it again") {
  AlarmWatch watch;
  const auto rule = limits(Alarm::Messages, 10);
  REQUIRE(watch.look(rule, levels(begin, 11), begin).size() == 1);
  AlarmWatch next;
  next.decode(watch.encode());
  CHECK(next.look(rule, levels(begin, 12), begin + Seconds{1}).empty());
  CHECK(next.look({}, levels(begin, 12), begin + Seconds{2}).size() == 1);
  for (const auto* text : {"", "messages", "messages x\n", "nothing 1\n", "messages 99999999999999999999\n", "messages 1 2\n", "\n\n \n"}) {
    AlarmWatch other;
    other.decode(text);
    CHECK(other.encode().empty());
  }
}

TEST_CASE("notices are sentences in both languages") {
  const AlarmNotice notice{Change::Raised, Alarm::IncomingAge, 7'200, 1'800, begin, begin};
  CHECK(notice_text(notice, NoticeLanguage::English) == "The oldest message in incoming has waited for its first attempt for 2 h (limit 30 min).");
  auto over = notice;
  over.change = Change::Cleared;
  over.value = 3;
  CHECK(notice_text(over, NoticeLanguage::English).starts_with("Over: "));
  CHECK(notice_text(over, NoticeLanguage::Japanese) == "解消: incoming の最も古いメールが初回配送を 3 s 待っている(しきい値 30 min)。");
}

TEST_CASE("alarm: virus patterns that are old, or were refused") {
  AlarmWatch watch;
  AlarmLimits both;
  both.of(Alarm::PatternsAge) = 1'000, both.of(Alarm::PatternsRefused) = 1;
  const Time now{std::chrono::seconds{5'000}};
  CHECK(watch.look(both, std::nullopt, now).empty());
  CHECK(watch.look(both, std::nullopt, now, PatternFacts{900, 0}).empty());
  const auto raised = watch.look(both, std::nullopt, now, PatternFacts{1'001, 2});
  REQUIRE(raised.size() == 2);
  CHECK(raised[0].alarm == Alarm::PatternsAge);
  CHECK(notice_text(raised[1], NoticeLanguage::English).find("failed their test 2 s ago") != std::string::npos);
  CHECK(watch.look(both, std::nullopt, now, PatternFacts{2'000, 90}).empty());
  CHECK(watch.look(both, std::nullopt, now, PatternFacts{10, 0}).size() == 2);
}

TEST_CASE("alarm: an account that auth suspended is told of once, and once more when it is over") {
  SuspensionWatch watch;
  const SuspendedAccount ann{"ann@a.example", begin, "auth", "612 recipients within an hour"}, bob{"bob@a.example", begin, "taro", "I did it"};
  CHECK(watch.look({bob}, begin).empty());  // who did it knows
  const auto raised = watch.look({ann, bob}, begin);
  REQUIRE(raised.size() == 1);
  CHECK(notice_text(raised[0], NoticeLanguage::English).find("ann@a.example may not send any more") != std::string::npos);
  CHECK(notice_text(raised[0], NoticeLanguage::English).find("612 recipients") != std::string::npos);
  CHECK(notice_text(raised[0], NoticeLanguage::Japanese).starts_with("アカウント ann@a.example"));
  CHECK(watch.look({ann, bob}, begin + Seconds{60}).empty());
  SuspensionWatch next;  // another life
  next.decode("messages 1\n" + watch.encode() + "account-suspended x ann\naccount-suspended 1\n");
  CHECK(next.look({ann}, begin + Seconds{90}).empty());
  const auto cleared = next.look({}, begin + Seconds{99});
  REQUIRE(cleared.size() == 1);
  CHECK(cleared[0].change == Change::Cleared);
  CHECK(cleared[0].since == begin);
  auto again = ann;
  again.since += Seconds{500};
  CHECK(watch.look({again}, begin + Seconds{600}).size() == 2);  // the first is over, and another began
  AlarmWatch other;
  other.decode(watch.encode());
  CHECK(other.encode().empty());
}

TEST_CASE("alarm: suspended accounts as text") {
  const std::vector<SuspendedAccount> all{{"ann@a.example", begin, "auth", "why so"}, {"bob@a.example", begin, "taro_(sudo)", ""}};
  CHECK(parse_suspended(suspended_text(all)) == all);
  for (const auto* bad : {"", "\n\n", "x auth ann@a.example why\n", "1 auth ann why\n", "1 auth\n", "99999999999999 auth a@b c\n", "1  a@b\n"}) CHECK_MESSAGE(parse_suspended(bad).empty(), bad);
  CHECK(suspended_text({{"a@b", begin, "x y\n", "two\nlines"}}).find("two lines\n") != std::string::npos);
}

}  // namespace
}  // namespace hikyaku::history
