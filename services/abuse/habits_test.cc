#include "services/abuse/habits.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::abuse;

namespace {

const AccountId ann{7};

struct World {
  Habits habits;
  WallTime now{std::chrono::seconds{1'795'305'600}};
  SendTerms terms{};
  int most = 0;  // points so far
  std::string because;

  Suspicion send(std::uint32_t recipients, std::string_view client = "192.0.2.1", std::uint32_t refused = 0, std::string_view name = "", std::string_view country = "") {
    const auto suspicion = habits.sent(ann, {client, name, country, recipients, refused}, terms, now);
    if (suspicion.points > most) most = suspicion.points, because = suspicion.because;
    return suspicion;
  }
  void refused_elsewhere(std::uint32_t count) {
    const auto suspicion = habits.sent(ann, {.client = {}, .client_name = {}, .refused_elsewhere = count}, terms, now);
    if (suspicion.points > most) most = suspicion.points, because = suspicion.because;
  }
  // So many messages of `recipients` each, evenly in that time.
  void send_many(int messages, std::uint32_t recipients, Duration time, std::string_view client = "192.0.2.1", std::string_view name = "") {
    for (int i = 0; i < messages; ++i) {
      (void)send(recipients, client, 0, name);
      now += std::chrono::duration_cast<std::chrono::microseconds>(time / messages);
    }
  }
  // Four weeks of an office worker: 30 recipients on weekdays, two networks.
  World& with_history(std::uint32_t each_time = 3) {
    for (int day = 0; day < 28; ++day) {
      (void)habits.logged_in(ann, "192.0.2.1", "JP", now);
      (void)habits.logged_in(ann, "198.51.100.9", "JP", now);
      if (day % 7 < 5) send_many(10, each_time, 9h);
      now = std::chrono::floor<std::chrono::days>(now) + std::chrono::days{1} + std::chrono::hours{1};
    }
    most = 0, because.clear();
    return *this;
  }
};

}  // namespace

TEST_CASE("habits: what honest people do is never enough") {
  SUBCASE("an ordinary month") {
    World world;
    world.with_history();
    world.with_history();
    CHECK(world.most < Suspicion::unusual);
  }
  SUBCASE("a newsletter to a thousand, from the office, monthly") {
    World world;
    world.with_history();
    world.send_many(10, 100, 1h);
    CHECK(world.most < Suspicion::enough);
  }
  SUBCASE("a journey: five hotels, five new networks, ordinary mail") {
    World world;
    world.with_history();
    for (const auto* client : {"203.0.113.1", "100.64.1.1", "172.32.1.1", "11.1.1.1", "12.1.1.1"}) {
      (void)world.habits.logged_in(ann, client, "", world.now);
      world.send_many(5, 3, 20h, client);
    }
    CHECK(world.most < Suspicion::enough);
  }
  SUBCASE("a telephone whose provider has many networks") {
    World world;
    world.with_history();
    world.send_many(2, 1, 1h, "110.1.1.1", "pw1.tokyo.mobile.ne.jp");
    world.now += std::chrono::days{3};
    world.most = 0;
    for (int i = 2; i < 40; ++i) world.send_many(1, 1, 10min, std::to_string(100 + i) + ".1.1.1", "pw" + std::to_string(i) + ".osaka.mobile.ne.jp");
    CHECK(world.most < Suspicion::unusual);
  }
  SUBCASE("one mail to an old address list") {
    World world;
    world.with_history();
    (void)world.send(60, "192.0.2.1", 40);
    CHECK(world.most < Suspicion::enough);
  }
  SUBCASE("a busy account is as busy as ever") {
    World world;
    world.with_history(50);
    world.send_many(10, 50, 1h);
    CHECK(world.most < Suspicion::unusual);
  }
  SUBCASE("the first day on this server, with a mailing to five thousand of whom one in six is no more") {
    World world;
    for (int i = 0; i < 50; ++i) (void)world.send(100, "192.0.2.1", 0), world.refused_elsewhere(17), world.now += std::chrono::minutes{1};
    CHECK(world.most < Suspicion::enough);
  }
  SUBCASE("usual mail to a domain that died, from home: one kind, whoever refuses") {
    World world;
    world.with_history(50);
    for (int i = 0; i < 9; ++i) (void)world.send(50, "192.0.2.1", 30), world.refused_elsewhere(50), world.now += std::chrono::hours{1};
    CHECK(world.most < Suspicion::enough);
  }
  SUBCASE("the same mailing again in the next hours") {
    World world;
    world.with_history();
    for (int i = 0; i < 5; ++i) world.send_many(10, 100, 1h), world.now += std::chrono::hours{1};
    CHECK(world.most < Suspicion::enough);
  }
  SUBCASE("what an operator found to be the owner's is usual from then on, from where it was sent, and no second time a cause") {
    World world;
    world.with_history();
    world.send_many(100, 3, 30min, "203.0.113.1");
    CHECK(world.most >= Suspicion::enough);
    CHECK(world.habits.rule(ann, {Ruling::Was::Owner, world.now, {}}));
    CHECK_FALSE(world.habits.rule(ann, {Ruling::Was::Owner, world.now, {}}));
    world.most = 0;
    world.now += std::chrono::minutes{1};
    world.send_many(100, 3, 30min, "203.0.113.1");
    CHECK(world.most < Suspicion::unusual);
  }
}

TEST_CASE("habits: what a stranger does with a stolen password is") {
  SUBCASE("spam from one new network") {
    World world;
    world.with_history();
    (void)world.habits.logged_in(ann, "203.0.113.1", "", world.now);
    world.send_many(100, 3, 30min, "203.0.113.1");
    CHECK(world.most >= Suspicion::enough);
    CHECK(world.because.find("new for it (203.0.0.0/16") != std::string::npos);
  }
  SUBCASE("from a botnet, slowly enough for any rate") {
    World world;
    world.with_history();
    for (int i = 0; i < 120; ++i) world.send_many(1, 2, 3min, std::to_string(i % 90 + 20) + ".7.7.7"), (void)world.send(0, "", 1);
    CHECK(world.most >= Suspicion::enough);
  }
  SUBCASE("through the owner's own infected machine") {
    World world;
    world.with_history();
    world.send_many(300, 1, 30min);
    CHECK(world.most == 2);
    (void)world.send(0, "", 160);
    CHECK(world.most >= Suspicion::enough);
  }
  SUBCASE("as fast as it goes") {
    World world;
    world.with_history();
    world.send_many(50, 50, 10min);
    CHECK(world.most >= Suspicion::enough);
  }
  SUBCASE("an account that has never sent") {
    World world;
    world.send_many(300, 1, 30min, "203.0.113.1");
    (void)world.send(0, "203.0.113.1", 200);
    CHECK(world.most >= Suspicion::enough);
  }
  SUBCASE("what other servers refuse comes hours later, and from no client") {
    World world;
    world.with_history();
    world.send_many(300, 1, 30min);
    CHECK(world.most == 2);
    world.now += std::chrono::hours{3};
    world.refused_elsewhere(100);
    CHECK(world.most >= Suspicion::enough);
    CHECK(world.because.find("100 of 300 recipients within a day were refused, 100 by other servers") != std::string::npos);
  }
  SUBCASE("again, after an operator found the first to be a stranger's") {
    World world;
    world.with_history();
    world.send_many(100, 3, 30min, "203.0.113.1");
    CHECK(world.habits.rule(ann, {Ruling::Was::Stranger, world.now, world.now - std::chrono::days{2}}));
    world.most = 0;
    world.now += std::chrono::minutes{1};
    (void)world.send(3);
    CHECK(world.most == 0);
    world.send_many(100, 3, 30min, "203.0.113.1");
    CHECK(world.most >= Suspicion::enough);
  }
  SUBCASE("a whole day of it is not usual by the evening") {
    World world;
    world.with_history();
    for (int i = 0; i < 10; ++i) world.send_many(30, 10, 50min), world.now += std::chrono::minutes{10};
    world.most = 0;
    world.refused_elsewhere(800);
    CHECK(world.most >= Suspicion::enough);
  }
  SUBCASE("with new networks pushed in before") {
    World world;
    world.with_history();
    for (int i = 0; i < 100; ++i) (void)world.habits.logged_in(ann, std::to_string(i + 20) + ".7.7.7", "", world.now);
    CHECK(world.habits.is_usual(ann, "192.0.2.200"));  // the old ones stay
    world.send_many(100, 3, 30min, "50.7.7.7");
    CHECK(world.most >= Suspicion::enough);
  }
}

TEST_CASE("habits: which networks are usual") {
  World world;
  (void)world.habits.logged_in(ann, "192.0.2.1", "", world.now);
  (void)world.habits.logged_in(ann, "2001:db8:1:2::3", "", world.now);
  CHECK(world.habits.is_usual(ann, "192.0.2.99"));
  CHECK(world.habits.is_usual(ann, "2001:db8:1:ffff::1"));
  for (const auto* other : {"192.0.3.1", "2001:db8:2::1", "", "nonsense"}) CHECK_MESSAGE(!world.habits.is_usual(ann, other), other);
  CHECK_FALSE(world.habits.is_usual(AccountId{8}, "192.0.2.1"));
  world.now += std::chrono::days{61};
  (void)world.habits.logged_in(ann, "198.51.100.1", "", world.now);
  CHECK_FALSE(world.habits.is_usual(ann, "192.0.2.1"));
  CHECK(world.habits.rule(ann, {Ruling::Was::Stranger, world.now, world.now}));
  CHECK_FALSE(world.habits.is_usual(ann, "198.51.100.1"));
  CHECK(world.habits.tell(ann, 2, world.now));
  CHECK_FALSE(world.habits.tell(ann, 2, world.now + std::chrono::hours{23}));
  CHECK(world.habits.tell(ann, 3, world.now + std::chrono::hours{23}));  // more than was told
  CHECK_FALSE(world.habits.tell(ann, 3, world.now + std::chrono::hours{24}));
  CHECK(world.habits.tell(ann, 2, world.now + std::chrono::hours{25}));
  world.habits.keep_only({});
  CHECK(world.habits.all().empty());
}

TEST_CASE("habits: a clock that is set moves nothing that is kept") {
  World world;
  world.with_history();
  const auto peaks = world.habits.all().at(7).peaks;
  world.now -= std::chrono::days{400};
  (void)world.send(1);
  CHECK(world.habits.all().at(7).peaks == peaks);
  world.now += std::chrono::days{4'000};
  (void)world.send(1);
  CHECK(world.habits.all().at(7).sent[0] == 1);
}

TEST_CASE("habits: written and read") {
  World world;
  world.with_history();
  CHECK(world.habits.rule(ann, {Ruling::Was::Owner, world.now + std::chrono::milliseconds{300}, {}}));
  world.refused_elsewhere(9);
  std::string text;
  for (const auto& [account, habit] : world.habits.all()) text += habit_line(AccountId{account}, habit);
  Habits again;
  CHECK(restore_habits(again, text) == 0);
  REQUIRE(again.all().size() == 1);
  CHECK(again.all().at(7).peaks == world.habits.all().at(7).peaks);
  CHECK(again.is_usual(ann, "198.51.100.200"));
  CHECK(again.all().at(7).refused_elsewhere[0] == 9);
  CHECK(again.all().at(7).countries == world.habits.all().at(7).countries);
  CHECK(again.all().at(7).countries.size() == 1);
  CHECK_FALSE(again.rule(ann, {Ruling::Was::Owner, world.now + std::chrono::milliseconds{300}, {}}));  // not twice, over a restart
  CHECK(restore_habits(again, text.substr(0, text.size() - 1)) == 1);  // torn
  for (const auto* bad : {"", " ", "7", "x 1 2 3", "0 0 0 0 s", "7 0 0 0 s 1 2 3 r 1", "-1 0 0 0"}) CHECK_MESSAGE(!parse_habit_line(bad), bad);
  const auto line = text.substr(0, text.size() - 1);
  for (const auto* more : {" ", " n", " n a", " n a 1", " n a 1 x", " x", " n a 1 2", " n a 1 2 99999999999999", " e 1 2", " u", " u x", " u 99999999999999", " c", " c JP", " c JP 1", " c jp 1 2", " c JPN 1 2", " c JP 1 x"}) CHECK_MESSAGE(!parse_habit_line(line + more), more);
  std::string too_many = line;
  for (int i = 0; i < 20; ++i) too_many += " n net" + std::to_string(i) + " 1 2 0";
  CHECK_FALSE(parse_habit_line(too_many));
  std::string many_countries = line;  // that has one
  for (char c = 'A'; c < 'H'; ++c) many_countries += std::string(" c X") + c + " 1 2";
  CHECK(parse_habit_line(many_countries));
  CHECK_FALSE(parse_habit_line(many_countries + " c XX 1 2"));
}

TEST_CASE("habits: a line of before countries were known is read") {
  const std::string zeros = [] { std::string text; for (int i = 0; i < 24; ++i) text += " 0"; return text; }();
  const auto one = parse_habit_line("7 1795305600 0 498696 s" + zeros + " r" + zeros + " 2968 p 9 0 0 0 n 192.0.2.0/24 1795305600 1795305600 0");
  REQUIRE(one);
  CHECK(one->second.networks.size() == 1);
  CHECK(one->second.countries.empty());
  CHECK(one->second.peaks[0] == 9);
}
