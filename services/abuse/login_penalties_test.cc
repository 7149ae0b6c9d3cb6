#include "services/abuse/login_penalties.h"

#include <doctest/doctest.h>

#include "services/abuse/penalty_text.h"
#include "services/abuse/prefix.h"

using namespace hikyaku;
using namespace hikyaku::abuse;

namespace {

// Tries on one clock. A guess is a number: the same number, the same wrong password.
struct World {
  LoginPenalties penalties;
  Instant now{};
  std::uint64_t guess = 0;

  LoginPenalties::Admission wrong(const LoginTry& one) { return wrong(one, ++guess); }
  LoginPenalties::Admission wrong(const LoginTry& one, std::uint64_t which) {
    const auto admission = penalties.admit(one, now);
    if (!admission.refused) (void)penalties.failed(one, which, now + admission.wait);
    return admission;
  }
  LoginPenalties::Admission right(const LoginTry& one) {
    const auto admission = penalties.admit(one, now);
    if (!admission.refused) penalties.succeeded(one, now + admission.wait);
    return admission;
  }
  // As fast as it may, for so long: how many were looked at.
  int guesses_within(Duration time, const std::function<LoginTry(int)>& who) {
    int looked_at = 0;
    for (const auto end = now + time; now < end;) {
      const auto admission = wrong(who(looked_at));
      if (!admission.refused) ++looked_at;
      now += std::max<Duration>(admission.wait, 100ms);
    }
    return looked_at;
  }
  [[nodiscard]] bool lists(std::string_view who) const {
    const auto rows = penalties.list(now, 1'000);
    return std::ranges::any_of(rows, [&](const auto& row) { return row.who == who; });
  }
};

LoginTry attempt(std::string client, std::string account, Place place = Place::Unusual) { return {std::move(client), std::move(account), place}; }

}  // namespace

TEST_CASE("penalties: an honest mistake costs nothing, guessing ever more") {
  World world;
  for (int i = 0; i < 3; ++i) CHECK(world.wrong(attempt("192.0.2.1", "ann")).wait == Duration{});
  CHECK(world.right(attempt("192.0.2.1", "ann")).wait == Duration{});
  for (int i = 0; i < 3; ++i) world.now += world.wrong(attempt("192.0.2.1", "bob")).wait + 10s;
  std::vector<Duration> waits;
  Duration total{};
  for (int i = 0; i < 12; ++i) {
    auto admission = world.wrong(attempt("192.0.2.1", "user" + std::to_string(i)));
    waits.push_back(admission.wait);
    total += admission.wait;
    world.now += admission.wait;
    if (admission.refused) (void)world.wrong(attempt("192.0.2.1", "user" + std::to_string(i)));
  }
  CHECK(std::ranges::is_sorted(waits));
  CHECK(waits.back() > 4min);
  CHECK(total > 8min);
  CHECK(world.penalties.admit(attempt("192.0.2.1", "x"), world.now).refused);
  CHECK(world.penalties.admit(attempt("198.51.100.1", "x"), world.now).wait == Duration{});
}

TEST_CASE("penalties: how many guesses a day buys") {
  World one_address;
  CHECK(one_address.guesses_within(24h, [](int n) { return attempt("192.0.2.1", "user" + std::to_string(n)); }) < 80);
  World one_network;
  CHECK(one_network.guesses_within(24h, [](int n) { return attempt("192.0.2." + std::to_string(n % 250), "user" + std::to_string(n)); }) < 250);
  World rotating;  // a customer of IPv6 takes a new address for each guess
  CHECK(rotating.guesses_within(24h, [](int n) { return attempt("2001:db8:1:2::" + std::to_string(n % 9'999), "user" + std::to_string(n)); }) < 80);
  World many_subnets;
  CHECK(many_subnets.guesses_within(24h, [](int n) { return attempt("2001:db8:1:" + std::to_string(n % 9'999) + "::1", "user" + std::to_string(n)); }) < 250);
  World many_networks;  // a botnet at one account
  CHECK(many_networks.guesses_within(1h, [](int n) { return attempt("10." + std::to_string(n / 250) + "." + std::to_string(n % 250) + ".1", "ann"); }) < 100);
}

TEST_CASE("penalties: neighbours who did nothing are not slowed before there is evidence") {
  World world;
  for (int i = 0; i < 30; ++i) (void)world.wrong(attempt("192.0.2.1", "u" + std::to_string(i))), world.now += 10min;
  CHECK(world.lists("192.0.2.1"));
  CHECK(world.right(attempt("192.0.2.2", "bob")).wait == Duration{});  // one bad address is no bad network
  for (int i = 0; i < 60; ++i) (void)world.wrong(attempt("198.51.100." + std::to_string(i % 8), "v" + std::to_string(i)));
  CHECK(world.penalties.admit(attempt("198.51.100.99", "x"), world.now).wait > Duration{});
  CHECK(world.penalties.admit(attempt("198.51.101.99", "x"), world.now).wait == Duration{});
}

TEST_CASE("penalties: nobody locks an owner out of his usual networks") {
  World world;
  for (int i = 0; i < 5'000; ++i) (void)world.wrong(attempt("10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".1", "ann")), world.now += 1s;
  CHECK(world.penalties.admit(attempt("203.0.113.9", "ann"), world.now).wait > Duration{});
  CHECK(world.right(attempt("192.0.2.7", "ann", Place::Usual)).wait == Duration{});
  // Not even from an address that somebody else's machine guesses from.
  for (int i = 0; i < 50; ++i) (void)world.wrong(attempt("192.0.2.7", "w" + std::to_string(i))), world.now += 1min;
  CHECK(world.right(attempt("192.0.2.7", "ann", Place::Usual)).wait == Duration{});
  // Guesses at the account from there: slow, but never for longer than a person waits.
  for (int i = 0; i < 500; ++i) (void)world.wrong(attempt("192.0.2.7", "ann", Place::Usual)), world.now += 1s;
  CHECK(world.penalties.admit(attempt("192.0.2.7", "ann", Place::Usual), world.now).wait <= LoginPenalties::most_for_usual + LoginPenalties::longest_wait);
  world.now += LoginPenalties::most_for_usual;
  CHECK_FALSE(world.right(attempt("192.0.2.7", "ann", Place::Usual)).refused);
  CHECK(world.right(attempt("192.0.2.7", "ann", Place::Usual)).wait == Duration{});
}

TEST_CASE("penalties: a device with an old password shuts nobody out") {
  World world;
  for (int i = 0; i < 7 * 24 * 12; ++i) {
    CHECK_FALSE(world.wrong(attempt("192.0.2.1", "ann"), 4711).refused);
    world.now += 5min;
  }
  CHECK(world.right(attempt("192.0.2.1", "bob")).wait == Duration{});
  // As fast as the network goes it is slowed all the same: each costs us a hash.
  for (int i = 0; i < 2'000; ++i) (void)world.wrong(attempt("192.0.2.1", "ann"), 4711), world.now += 100ms;
  CHECK(world.penalties.admit(attempt("192.0.2.1", "bob"), world.now).wait > 1s);
}

TEST_CASE("penalties: a burst is no way around, and an office's morning is none") {
  World world;
  int looked_at = 0;
  for (int i = 0; i < 1'000; ++i)
    if (!world.penalties.admit(attempt("192.0.2.1", "u" + std::to_string(i)), world.now).refused) ++looked_at;  // before the first has failed
  CHECK(looked_at < 40);
  World office;
  for (int i = 0; i < 300; ++i) CHECK_FALSE(office.right(attempt("192.0.2.1", "u" + std::to_string(i))).refused);
  for (int i = 0; i < 10; ++i) CHECK_FALSE(office.penalties.admit(attempt("192.0.2.2", "ann"), office.now).refused);  // one client's connections
}

TEST_CASE("penalties: exempt networks, forgetting, bounds") {
  World world;
  world.penalties.set({.most = 10min, .exempt = {*io::IpNetwork::parse("10.0.0.0/8"), *io::IpNetwork::parse("::1")}});
  for (const auto* client : {"10.1.2.3", "::1"})
    for (int i = 0; i < 100; ++i) CHECK(world.wrong(attempt(client, "ann")).wait == Duration{});
  CHECK(world.penalties.entries() == 0);
  for (int i = 0; i < 60; ++i) (void)world.wrong(attempt("192.0.2.1", "u" + std::to_string(i))), world.now += 10min;
  CHECK(world.penalties.list(world.now, 10).front().penalty <= 10min);
  world.now += 72h;
  CHECK(world.penalties.admit(attempt("192.0.2.1", "x"), world.now).wait == Duration{});
  LoginPenalties small(50);
  for (int i = 0; i < 10'000; ++i) {
    const auto one = attempt("10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".1", std::string(5'000, 'x') + std::to_string(i));
    if (!small.admit(one, world.now).refused) (void)small.failed(one, 0, world.now);
    CHECK(small.entries() <= 50);
  }
  for (const auto* nonsense : {"", "local socket", "1.2.3", "1.2.3.4/24", "::/0", "2001:db8::1%eth0"})
    CHECK_MESSAGE(world.wrong(attempt(nonsense, "ann")).wait == Duration{}, nonsense);
}

TEST_CASE("penalties: listed, told of as they grow, and lifted") {
  World world;
  std::size_t told = 0;
  for (int i = 0; i < 40; ++i) {
    const auto one = attempt("192.0.2." + std::to_string(i % 5), "ann");
    const auto admission = world.penalties.admit(one, world.now);
    if (!admission.refused) told += world.penalties.failed(one, static_cast<std::uint64_t>(i) + 1, world.now).size();
    world.now += 5min;
  }
  CHECK(told > 0);
  CHECK(told < 25);  // by doublings, not by failures
  CHECK(world.lists("192.0.2.0/24"));
  CHECK(world.lists("ann"));
  CHECK(world.penalties.list(world.now, 1).size() == 1);
  CHECK(world.penalties.lift("bob") == 0);
  CHECK(world.penalties.lift("198.51.100.0/24") == 0);
  CHECK(world.penalties.lift("192.0.2.77") == 1);  // the network it is in
  CHECK_FALSE(world.lists("192.0.2.0/24"));
  CHECK(world.penalties.lift("192.0.0.0/16") == 5);
  CHECK(world.penalties.lift("ann") == 1);
  CHECK(world.penalties.list(world.now, 10).empty());
  (void)world.wrong(attempt("192.0.2.7", "ann", Place::Usual));
  CHECK(world.penalties.lift("ann") == 1);
  (void)world.wrong(attempt("192.0.2.7", "ann"));
  CHECK(world.penalties.lift_all() > 0);
  CHECK(world.penalties.entries() == 0);
}

TEST_CASE("prefixes and owners") {
  const auto of = [](const char* text, int bits) { return prefix_of(*io::IpAddress::parse(text), bits); };
  CHECK(of("192.0.2.77", 24) == "192.0.2.0/24");
  CHECK(of("192.0.2.77", 32) == "192.0.2.77");
  CHECK(of("192.0.130.77", 17) == "192.0.128.0/17");
  CHECK(of("255.255.255.255", 0) == "0.0.0.0/0");
  CHECK(of("2001:db8:1:2:3:4:5:6", 64) == "2001:db8:1:2::/64");
  CHECK(of("2001:db8:ffff::1", 36) == "2001:db8:f000::/36");
  CHECK(home_of(*io::IpAddress::parse("2001:db8:1:2::1")) == "2001:db8:1::/48");
  CHECK(region_of(*io::IpAddress::parse("192.0.2.1")) == "192.0.0.0/16");
  CHECK(owner_of("p1234.tokyo.ocn.ne.jp") == "ocn.ne.jp");
  CHECK(owner_of("Mail.Example.COM.") == "example.com");
  CHECK(owner_of("a.b.example.jp") == "example.jp");
  CHECK(owner_of("x.co.uk") == "x.co.uk");
  for (const auto* none : {"", ".", "localhost", ".jp"}) CHECK_MESSAGE(owner_of(none).empty(), none);
  CHECK(owner_of("ne.jp") == "ne.jp");
}

TEST_CASE("penalties: told to a command and read there") {
  using Of = LoginPenalties::Row::Of;
  const std::vector<LoginPenalties::Row> rows{{Of::Network, "192.0.2.0/24", 17, 90s, 120s, 5s}, {Of::AccountAtHome, "ann@a.example 192.0.2.0/24", 4, 0s, 1s, 1h}};
  const auto again = parse_penalties(penalties_text(rows) + "\nnonsense\nnetwork 1 2 3 4\nnetwork 1 2 3 4 \nnetwork x 2 3 4 a\nnetwork 1 2 3 99999999999999 a\naddress 1 2 3");
  REQUIRE(again.size() == 2);
  CHECK(again[0].who == rows[0].who);
  CHECK(again[0].left == 90s);
  CHECK(again[1].of == Of::AccountAtHome);
  CHECK(again[1].who == rows[1].who);
  CHECK(again[1].ago == 1h);
}
