// Forecasts against histories that are made up: a rhythm of the week with noise, growth, holidays and single mailings. The
// bar is an error of at most 15 %.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "services/history/files.h"
#include "services/history/forecast.h"

namespace hikyaku::history {
namespace {

using std::chrono::hours;
constexpr double bar = 0.15;

struct Office {
  double a_day = 20'000;
  double growth_a_week = 0;  // 0.03: 3 %
  double noise = 0.2;
};

// What an hour has on average: little at night, a peak in the morning and after lunch, a fifth on Saturday and Sunday.
double usual(const Office& office, Time begin, Time hour) {
  const auto in_day = static_cast<int>(std::chrono::duration_cast<hours>(hour - std::chrono::floor<std::chrono::days>(hour)).count());
  const auto weekday = std::chrono::weekday(std::chrono::floor<std::chrono::days>(hour)).iso_encoding();
  static constexpr double shape[24] = {1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 16, 12, 8, 14, 15, 13, 12, 10, 7, 5, 4, 3, 2, 1};
  double sum = 0;
  for (const auto one : shape) sum += one;
  const auto weeks = static_cast<double>((hour - begin).count()) / (7.0 * 86'400);
  return office.a_day * shape[in_day] / sum * (weekday >= 6 ? 0.2 : 1.0) * std::pow(1 + office.growth_a_week, weeks);
}

struct World {
  Time begin = *parse_utc_day("2026-09-07");
  Office office;
  std::mt19937_64 random;
  HourlyArrivals arrivals;  // past and to come

  World(Office of, std::uint64_t seed, int weeks) : office(of), random(seed) {
    for (Time hour = begin; hour < begin + std::chrono::days{7 * weeks}; hour += hours{1}) {
      std::lognormal_distribution<double> varies(-office.noise * office.noise / 2, office.noise);
      std::poisson_distribution<std::uint64_t> comes(usual(office, begin, hour) * varies(random));
      const auto count = comes(random);
      arrivals[hour] = {count, count * 40'000, 0};
    }
  }
  [[nodiscard]] Figures truth(Time from, Time until) const {
    Figures sum;
    for (auto at = arrivals.lower_bound(from); at != arrivals.end() && at->first < until; ++at) add(sum, at->second);
    return sum;
  }
};

// The largest relative error over holds that start at several hours after the known time and take so long.
double worst_error(const World& world, Time known_until, hours length) {
  double worst = 0;
  const Forecast forecast(world.arrivals, world.begin, known_until);
  for (int start = 0; start < 168; start += 13) {
    const auto from = known_until + hours{start};
    const auto truth = world.truth(from, from + length);
    const auto expected = forecast.expect(from, from + length);
    worst = std::max(worst, std::abs(expected.messages - static_cast<double>(truth.count)) / static_cast<double>(truth.count));
    worst = std::max(worst, std::abs(expected.octets - static_cast<double>(truth.octets)) / static_cast<double>(truth.octets));
  }
  return worst;
}

TEST_CASE("two days without the inner server: within 15 %, for many offices") {
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const World world({.a_day = 5'000.0 * static_cast<double>(seed), .noise = 0.2}, seed, 12);
    for (const int length : {24, 48, 72}) worst = std::max(worst, worst_error(world, world.begin + std::chrono::days{56 + static_cast<int>(seed % 7)}, hours{length}));
  }
  MESSAGE("worst error " << worst);
  CHECK(worst <= bar);
}

TEST_CASE("mail that grows by 3 % a week is followed") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const World world({.growth_a_week = 0.03}, seed, 12);
    CHECK(worst_error(world, world.begin + std::chrono::days{60}, hours{48}) <= bar);
  }
}

TEST_CASE("one large mailing of the past is not expected again, one of every week is") {
  World world({}, 7, 12);
  const auto known = world.begin + std::chrono::days{56};
  world.arrivals[known - std::chrono::days{3} + hours{10}].count += 200'000;
  CHECK(worst_error(world, known, hours{48}) <= bar);

  World weekly({}, 8, 12);
  for (int of = 0; of < 12; ++of) {
    auto& hour = weekly.arrivals[weekly.begin + std::chrono::days{7 * of + 2} + hours{10}];
    hour.count += 30'000;
    hour.octets += 30'000 * 40'000ULL;
  }
  const Forecast forecast(weekly.arrivals, weekly.begin, weekly.begin + std::chrono::days{56});
  const auto wednesday = weekly.begin + std::chrono::days{58};
  const auto truth = weekly.truth(wednesday, wednesday + hours{24});
  CHECK(forecast.expect(wednesday, wednesday + hours{24}).messages == doctest::Approx(static_cast<double>(truth.count)).epsilon(bar));
}

TEST_CASE("little history: a week is enough for the rhythm, a day for the hours, less for a rate, none for nothing") {
  const World world({}, 9, 12);
  const auto known = world.begin + std::chrono::days{56};
  CHECK(Forecast(world.arrivals, known - std::chrono::days{7}, known).basis() == Forecast::Basis::Weekly);
  const Forecast one_week(world.arrivals, known - std::chrono::days{7}, known);
  CHECK(one_week.expect(known, known + hours{48}).messages == doctest::Approx(static_cast<double>(world.truth(known, known + hours{48}).count)).epsilon(0.25));
  const Forecast days(world.arrivals, known - std::chrono::days{3}, known);
  CHECK(days.basis() == Forecast::Basis::Daily);
  const Forecast rate(world.arrivals, known - hours{5}, known);
  CHECK(rate.basis() == Forecast::Basis::Rate);
  CHECK(rate.expect(known, known + hours{10}).messages == doctest::Approx(2 * static_cast<double>(world.truth(known - hours{5}, known).count)));
  const Forecast none(world.arrivals, known, known);
  CHECK(none.basis() == Forecast::Basis::None);
  CHECK(none.expect(known, known + hours{10}).messages == 0);
  CHECK_FALSE(none.reached(known, known + hours{10}, 1, 1));
}

TEST_CASE("when the disk is full follows from what is expected") {
  HourlyArrivals even;
  const auto begin = *parse_utc_day("2026-11-02");
  for (Time hour = begin; hour < begin + std::chrono::days{14}; hour += hours{1}) even[hour] = {10, 1'000, 0};
  const auto now = begin + std::chrono::days{14};
  const Forecast forecast(even, begin, now);
  CHECK(forecast.expect(now + std::chrono::minutes{30}, now + hours{2}).octets == doctest::Approx(1'500));
  CHECK(forecast.reached(now, now + hours{10}, 2'500, 0) == now + std::chrono::minutes{150});
  CHECK(forecast.reached(now, now + hours{10}, 2'500, 150) == now + hours{1});
  CHECK_FALSE(forecast.reached(now, now + hours{2}, 2'500, 0));
  CHECK(forecast.reached(now, now + hours{2}, 0, 0) == now);
}

}  // namespace
}  // namespace hikyaku::history
