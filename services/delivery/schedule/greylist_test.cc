#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

#include "services/delivery/schedule/greylist.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {
constexpr Duration usual = minutes{5};

// One message to a site that lets it in `wait` after its first attempt; when it got in, and how often it came too early.
struct Visit {
  Duration in{};
  int too_early = 0;
};
Visit visit(GreylistProfile& profile, Duration wait, std::optional<Duration> hint = std::nullopt) {
  Visit done;
  Duration waited{};
  for (;;) {
    waited = profile.target_to_learn(waited, hint ? std::optional(wait - waited) : std::nullopt, usual);
    if (waited >= wait) break;
    profile.was_too_early(waited);
    REQUIRE(++done.too_early < 50);
  }
  profile.passed(waited);
  done.in = waited;
  return done;
}
}  // namespace

TEST_CASE("any wait from 1 minute to 12 hours is learned within 20 messages, to within 15 percent, and then never missed") {
  for (const auto wait : {seconds{60}, seconds{300}, seconds{1500}, seconds{3600}, seconds{47}, seconds{420}, seconds{1234}, seconds{2700}, seconds{14'400}, seconds{40'000}}) {
    CAPTURE(wait.count());
    GreylistProfile profile;
    int n = 0;
    for (; n < 20 && !profile.learned(); ++n) visit(profile, wait);
    CHECK(profile.learned());
    for (int more = 0; more < 50; ++more) {
      const auto one = visit(profile, wait);
      CHECK(one.too_early == 0);
      CHECK(one.in <= wait + std::max<Duration>(Duration(wait) * 15 / 100, seconds{15}));
    }
  }
}

TEST_CASE("a hint is believed at once, plus a moment") {
  GreylistProfile profile;
  const auto one = visit(profile, seconds{777}, seconds{777});
  CHECK(one.too_early == 0);
  CHECK(one.in == seconds{779});
}

TEST_CASE("a site that counts from the last try is not visited early for ever") {
  GreylistProfile profile;
  int early = 0;
  for (int n = 0; n < 40; ++n) {
    Duration waited{}, last{};
    int tries = 0;
    for (;;) {
      const Duration before = waited;
      waited = profile.target_to_learn(waited, std::nullopt, usual);
      if (waited - before >= seconds{600}) break;
      last = waited;
      profile.was_too_early(waited);
      if (n >= 20) ++early;
      REQUIRE(++tries < 60);
    }
    profile.passed(waited);
  }
  CHECK(early <= 20);
}

TEST_CASE("who opened the door for whom: newcomers that get in make it shared, one that does not makes it each for itself") {
  GreylistProfile profile;
  CHECK(profile.key() == DoorKey::Unknown);
  for (int n = 0; n < 3; ++n) profile.newcomer(true);
  CHECK(profile.key() == DoorKey::Shared);
  profile.newcomer(false);
  CHECK(profile.key() == DoorKey::PerMessage);
  GreylistProfile other;
  other.newcomer(false);
  CHECK(other.key() == DoorKey::PerMessage);
}

TEST_CASE("profiles survive a restart; damaged octets are forgotten, not believed") {
  GreylistMemory memory;
  auto& profile = memory.make("mx:a.example", WallTime{seconds{5}});
  visit(profile, seconds{300});
  profile.sticky_host = "mx1.a.example";
  const auto octets = memory.encode();
  const auto again = GreylistMemory::decode(octets);
  REQUIRE(again.find("mx:a.example"));
  CHECK(*again.find("mx:a.example") == *memory.find("mx:a.example"));
  for (std::size_t cut = 0; cut < octets.size(); ++cut) CHECK(GreylistMemory::decode(std::string_view(octets).substr(0, cut)).size() == 0);
  CHECK(GreylistMemory::decode("\xFFnonsense").size() == 0);
}

TEST_CASE("the memory is bounded: the site unused for longest is forgotten") {
  GreylistMemory memory;
  for (std::size_t n = 0; n < GreylistMemory::most + 5; ++n) memory.make("d" + std::to_string(n), WallTime{seconds{static_cast<long>(n)}});
  CHECK(memory.size() == GreylistMemory::most);
  CHECK(!memory.find("d0"));
  CHECK(memory.find("d10"));
}
