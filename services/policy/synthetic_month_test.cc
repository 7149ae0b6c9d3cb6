// A synthetic month (synthetic_month.h). HIKYAKU_MONTHS: how many seeds; tests/long runs a hundred fresh ones.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "services/policy/synthetic_month.h"

using namespace hikyaku;
using namespace hikyaku::policy;

namespace {

// Rgrey, as docs/guide/strangers.md has it.
Config rgrey() {
  Config config;
  for (const auto rule : {RuleId::S25r, RuleId::ReverseName, RuleId::Greylist}) config.modes[static_cast<std::size_t>(rule)] = Mode::Enforce;
  config.greylist = GreylistScope::Suspects;
  return config;
}

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Config targrey(std::chrono::seconds tarpit) {
  auto config = rgrey();
  config.tarpit = tarpit;
  return config;
}

void judge_month(std::uint64_t seed, MonthNumbers numbers, const Config& config = rgrey(), std::chrono::seconds longest_median = 30min, double least_refused = 0.97) {
  auto month = SyntheticMonth(seed, config, {}, numbers).run();
  const auto what = "seed " + std::to_string(seed) + ": " + std::to_string(month.honest) + " honest, " + std::to_string(month.honest_lost) + " lost, " + std::to_string(month.bot_mails) + " of bots, " +
                    std::to_string(month.bot_mails_in) + " came in, median delay " + std::to_string(month.median_delay().count()) + " s";
  MESSAGE(what);
  CHECK_MESSAGE(month.honest > 500, what);
  CHECK_MESSAGE(month.bots_refused() >= least_refused, what);
  CHECK_MESSAGE(month.honest_lost == 0, (month.lost.empty() ? what : what + ": " + month.lost.front()));
  CHECK_MESSAGE(month.median_delay() < longest_median, what);
  CHECK(month.unexplained == 0);
}

}  // namespace

TEST_CASE("a synthetic month: bots stay out, no honest sender is lost, and half of the honest wait less than half an hour") {
  const auto first = number_of("HIKYAKU_FIRST_SEED", 1), months = number_of("HIKYAKU_MONTHS", 1);
  for (std::uint64_t seed = first; seed < first + months; ++seed) judge_month(seed, {});
}

TEST_CASE("other months: many farms, few bots, bots that try more often") {
  judge_month(7, {.honest_senders = 100, .bots = 1'000, .farms = 0.6});
  judge_month(8, {.honest_senders = 150, .bots = 1'000, .honest_mails_a_day = 0.3, .bots_never = 0.85, .bots_once = 0.14});
}

TEST_CASE("months of taRgrey: half of the honest wait two minutes at most, none is lost, and no more bots come in than stay") {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) judge_month(seed, {.bots = 3'000}, targrey(125s), 126s, 0.90);
  judge_month(9, {.honest_senders = 100, .bots = 1'000, .honest_hang_up = 0.6}, targrey(65s), 30min, 0.90);
  judge_month(10, {.honest_senders = 100, .bots = 1'000, .bots_stay = 0.0}, targrey(125s), 126s);
}

TEST_CASE("the model can tell: a tarpit that all bots sit out keeps none out") {
  CHECK(SyntheticMonth(1, targrey(125s), {}, {.honest_senders = 10, .bots = 500, .bots_stay = 1.0}).run().bots_refused() == 0.0);
}

TEST_CASE("the model can tell: without greylisting S25R alone loses the honest, without S25R the bots come in") {
  auto plain = rgrey();
  plain.greylist = GreylistScope::Nobody;
  CHECK(SyntheticMonth(1, plain, {}, {.bots = 200}).run().honest_lost > 500);
  CHECK(SyntheticMonth(1, Config{}, {}, {.honest_senders = 10, .bots = 500}).run().bots_refused() == 0.0);
}
