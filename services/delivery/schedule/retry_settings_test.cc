#include <doctest/doctest.h>

#include "services/delivery/schedule/retry_settings.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

TEST_CASE("the presets miss no greylist; short periods, long intervals and rows that do are told") {
  auto settings = settings::preset_settings();
  CHECK(check_retry_settings(settings->delivery, false).warnings.empty());
  CHECK(check_retry_settings(settings->delivery, true).mistakes.empty());
  settings->delivery.transient_period.set(std::chrono::minutes{20});
  CHECK(check_retry_settings(settings->delivery, false).warnings.size() == 4);
  settings = settings::preset_settings();
  settings->delivery.retry_rules.set({"*.example.jp greylisted period=10m", "a.example refused attempts=3"});
  const auto advice = check_retry_settings(settings->delivery, true);
  REQUIRE(advice.warnings.size() == 2);
  CHECK(advice.warnings[0].find("*.example.jp") != std::string::npos);
}

TEST_CASE("mistaken rows are named, and the others count all the same") {
  auto settings = settings::preset_settings();
  settings->delivery.retry_rules.set({"nonsense", "a.example timeout period=48h"});
  settings->delivery.connection_limits.set({"a.example 5", "b.example many"});
  settings->delivery.source_limits.set({"192.0.2.7 5", "gw.example 5"});
  CHECK(source_limits(settings->delivery).of("192.0.2.7") == 5);
  CHECK(check_retry_settings(settings->delivery, false).mistakes.size() == 3);
  const auto table = retry_table(settings->delivery);
  CHECK(table.rules_for("a.example", "mx:x").rule(FailureClass::Timeout).period == std::chrono::hours{48});
  CHECK(limit_rows(settings->delivery).size() == 1);
}
