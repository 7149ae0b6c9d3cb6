// Countries among what is usual for an account.
#include <doctest/doctest.h>

#include "services/abuse/habits.h"

using namespace hikyaku;
using namespace hikyaku::abuse;

namespace {

const AccountId ann{7};

struct World {
  Habits habits;
  WallTime now{std::chrono::seconds{1'795'305'600}};

  Suspicion login(std::string_view client, std::string_view country) { return habits.logged_in(ann, client, country, now); }
  Suspicion send(std::uint32_t recipients, std::string_view client = "192.0.2.1", std::string_view country = "JP", std::string_view name = "") {
    return habits.sent(ann, {.client = client, .client_name = name, .country = country, .recipients = recipients}, {}, now);
  }
  // Four weeks in Japan.
  World& with_history() {
    for (int day = 0; day < 28; ++day) {
      (void)login("192.0.2.1", "JP");
      (void)send(3, "192.0.2.1", "JP", "office.example.jp");
      now += std::chrono::days{1};
    }
    return *this;
  }
  [[nodiscard]] std::vector<std::string> countries() const {
    std::vector<std::string> names;
    for (const auto& known : habits.all().at(7).countries) names.push_back(known.name);
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace

TEST_CASE("habits: a login from a new country is unusual, with the usual network's sudden volume it is enough") {
  World world;
  world.with_history();
  CHECK(world.send(250).points == 2);  // volume alone
  world.now += std::chrono::days{2};
  const auto login = world.login("203.0.113.1", "RU");
  CHECK(login.points == Suspicion::unusual);
  CHECK(login.because == "used from new countries (RU)");
  world.now += std::chrono::hours{12};
  const auto sent = world.send(5'000);
  CHECK(sent.points >= Suspicion::enough);
  CHECK(sent.because.ends_with("; used from new countries (RU)"));
}

TEST_CASE("habits: a provider that is known counts in another country as new") {
  World world;
  world.with_history();
  CHECK(world.send(3, "203.0.113.1", "", "host.abroad.example.jp").points == 0);
  CHECK(world.send(3, "203.0.113.1", "US", "host.abroad.example.jp").points == 2);
}

TEST_CASE("habits: where it comes from is one kind of evidence, however new") {
  World world;
  world.with_history();
  int most = 0;
  for (const auto* client : {"203.0.113.1", "100.64.1.1", "172.32.1.1", "11.1.1.1"})
    for (const auto* country : {"FR", "BE", "DE"}) {
      (void)world.login(client, country);
      const auto sent = world.send(5, client, country);
      CHECK(sent.because.find("new countries") != std::string::npos);
      most = std::max(most, sent.points);
      world.now += std::chrono::minutes{30};
    }
  CHECK(most == 2);
  CHECK(world.send(1).because.find("4 new networks within a day; used from new countries (") != std::string::npos);
}

TEST_CASE("habits: a country is new for two days, and in use for one") {
  World world;
  world.with_history();
  CHECK(world.login("203.0.113.1", "FR").points == 2);
  world.now += std::chrono::hours{25};
  CHECK(world.login("192.0.2.1", "JP").points == 0);  // back at home
  CHECK(world.login("203.0.113.1", "FR").points == 2);
  world.now += std::chrono::hours{23};
  CHECK(world.login("203.0.113.1", "FR").points == 0);
}

TEST_CASE("habits: nobody is a stranger while it is not known where an account is used") {
  World world;
  CHECK(world.login("192.0.2.1", "JP").points == 0);
  CHECK(world.login("203.0.113.1", "FR").points == 0);
  world.now += std::chrono::days{3};
  CHECK(world.login("198.51.100.1", "DE").points == 0);
  World later;  // the database came when the account had been here for long
  for (int day = 0; day < 28; ++day, later.now += std::chrono::days{1}) (void)later.login("192.0.2.1", "");
  CHECK(later.login("192.0.2.1", "JP").points == 0);
  CHECK(later.login("198.51.100.1", "RU").points == 2);  // Japan is known as long as the network is
}

TEST_CASE("habits: what the database corrects is no journey") {
  World world;
  world.with_history();
  CHECK(world.login("192.0.2.77", "US").points == 0);
  CHECK(world.send(250, "192.0.2.77", "US").points == 2);  // volume alone
}

TEST_CASE("habits: a country is remembered over months without a login") {
  World world;
  world.with_history();
  world.now += std::chrono::days{200};
  CHECK(world.login("203.0.113.1", "RU").points == 2);
  world.now += std::chrono::days{400};
  CHECK(world.login("203.0.113.1", "BR").points == 0);  // nobody knows any more
}

TEST_CASE("habits: a stranger's many countries push out none that is usual") {
  World world;
  world.with_history();
  for (char c = 'A'; c <= 'Z'; ++c) (void)world.login("203.0.113.1", std::string("X") + c);
  const auto countries = world.countries();
  CHECK(countries.size() == Habit::most_countries);
  CHECK(std::ranges::find(countries, "JP") != countries.end());
  for (const auto* no_country : {"", "jp", "JPN", "J", "J P"}) (void)world.login("192.0.2.1", no_country);
  CHECK(world.countries() == countries);
}

TEST_CASE("habits: what an operator found is so for countries too") {
  SUBCASE("a stranger: his country is new again") {
    World world;
    world.with_history();
    (void)world.login("203.0.113.1", "RU");
    CHECK(world.habits.rule(ann, {Ruling::Was::Stranger, world.now, world.now - std::chrono::days{2}}));
    CHECK(world.countries() == std::vector<std::string>{"JP"});
    CHECK(world.login("203.0.113.1", "RU").points == 2);
  }
  SUBCASE("the owner: it is usual") {
    World world;
    world.with_history();
    (void)world.login("203.0.113.1", "RU");
    CHECK(world.habits.rule(ann, {Ruling::Was::Owner, world.now, {}}));
    CHECK(world.login("203.0.113.1", "RU").points == 0);
  }
}
