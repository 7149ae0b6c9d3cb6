#include "services/policy/list_health.h"

#include <doctest/doctest.h>

#include "services/policy/test_zone.h"

using namespace hikyaku;
using namespace hikyaku::policy;

namespace {
const WallTime now{std::chrono::days{20'000}};
constexpr const char* v6 = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example";
}  // namespace

TEST_CASE("a list has the test points it must have and no other") {
  struct Row {
    const char* name;
    std::map<std::string, std::string> zone;
    ListState want;
  };
  const std::string listed = "2.0.0.127.bl.example", unlisted = "1.0.0.127.bl.example";
  for (const auto& row : {Row{"sound", {{listed, "127.0.0.2"}}, ListState::Sound},
                          Row{"of IPv6 alone", {{v6, "127.0.0.2"}}, ListState::Sound},
                          Row{"has everything", {{listed, "127.0.0.2"}, {unlisted, "127.0.0.2"}}, ListState::ListsAll},
                          Row{"has the wrong one only", {{unlisted, "127.0.0.3"}}, ListState::ListsAll},
                          Row{"has nothing", {}, ListState::ListsNothing},
                          Row{"answers of the Internet are none", {{listed, "192.0.2.1"}, {unlisted, "192.0.2.1"}}, ListState::ListsNothing},
                          Row{"does not answer us", {{listed, "127.255.255.254"}, {unlisted, "127.255.255.254"}}, ListState::NotForUs},
                          Row{"does not answer us at all", {{unlisted, "127.255.255.254"}}, ListState::NotForUs},
                          Row{"fails", {{listed, "!"}, {unlisted, "!"}, {v6, "!"}}, ListState::NoAnswer},
                          Row{"fails for one", {{listed, "127.0.0.2"}, {unlisted, "!"}}, ListState::NoAnswer},
                          Row{"fails for the other", {{listed, "!"}}, ListState::NoAnswer}}) {
    testing::TestZone zone;
    for (const auto& [name, answer] : row.zone) zone.put(RecordType::A, name, {answer});
    CHECK_MESSAGE(zone.until_known([](Answers& answers) { return check_list("bl.example", ListOf::Addresses, answers); }) == row.want, row.name);
  }
  testing::TestZone zone;
  zone.put(RecordType::A, "test.uri.example", {"127.0.0.2"});
  CHECK(zone.until_known([](Answers& answers) { return check_list("uri.example", ListOf::Names, answers); }) == ListState::Sound);
  CHECK(zone.until_known([](Answers& answers) { return check_list("uri.example", ListOf::Addresses, answers); }) == ListState::ListsNothing);
  zone.put(RecordType::A, "invalid.uri.example", {"127.0.0.2"});
  CHECK(zone.until_known([](Answers& answers) { return check_list("uri.example", ListOf::Names, answers); }) == ListState::ListsAll);
}

TEST_CASE("a bad list is off until it is sound, a bad moment is borne") {
  using Change = ListHealth::Change;
  ListHealth health;
  std::vector<DnsList> lists{{"bl.example", {}}, {"other.example", {}}};
  CHECK(health.take("bl.example", ListState::Sound, now) == Change::None);
  CHECK(health.take("bl.example", ListState::NoAnswer, now) == Change::None);
  CHECK(health.take("bl.example", ListState::Sound, now) == Change::None);
  CHECK(health.take("bl.example", ListState::NoAnswer, now) == Change::None);
  health.leave_sound(lists);
  CHECK(lists.size() == 2);
  CHECK(health.take("bl.example", ListState::ListsNothing, now + 1h) == Change::SwitchedOff);
  CHECK(health.is_off("bl.example"));
  CHECK(health.take("bl.example", ListState::ListsNothing, now + 2h) == Change::None);
  CHECK(health.all().at("bl.example").since == now + 1h);
  health.leave_sound(lists);
  REQUIRE(lists.size() == 1);
  CHECK(lists[0].zone == "other.example");
  CHECK(health.take("bl.example", ListState::Sound, now + 3h) == Change::SwitchedOn);
  CHECK(health.take("bl.example", ListState::ListsAll, now + 4h) == Change::SwitchedOff);
  CHECK(health.take("other.example", ListState::NotForUs, now + 4h) == Change::SwitchedOff);
  health.keep_only({"other.example"});
  CHECK(!health.is_off("bl.example"));
  CHECK(health.is_off("other.example"));
}

TEST_CASE("what is told of the lists is read again") {
  ListHealth health;
  (void)health.take("bl.example", ListState::ListsAll, now);
  (void)health.take("wl.example", ListState::Sound, now);
  const auto again = parse_lists(print_lists(health.all()));
  REQUIRE(again.size() == 2);
  CHECK(again.at("bl.example").off);
  CHECK(again.at("bl.example").since == now);
  CHECK(again.at("wl.example").found == ListState::Sound);
  for (const auto* bad : {"", "x", "\t", "\tsound\ton\t5", "a\tSound\ton\t5", "a\tsound\tmaybe\t5", "a\tsound\ton", "a\tsound\ton\t", "a\tsound\ton\t-5", "a\tsound\ton\t5\t", "a\tsound\ton\t99999999999999"}) CHECK_MESSAGE(parse_lists(bad).empty(), bad);
}
