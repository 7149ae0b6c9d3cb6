#include "apps/cli/service/recent_errors.h"

#include <doctest/doctest.h>

namespace hikyaku::cli {
namespace {

int written = 0;  // lines come in the order of time

std::string line(std::string_view level, std::string_view event, std::string_view service, std::string_view more = {}) {
  const auto second = std::to_string(10 + ++written % 50);
  return R"({"time":"2026-11-23T08:00:)" + second + R"(.000000+09:00","level":")" + std::string(level) + R"(","event":")" + std::string(event) + R"(","service":")" + std::string(service) + '"' +
         std::string(more) + "}";
}

std::string rows_of(const std::vector<std::string>& lines) {
  RecentErrors errors;
  for (const auto& one : lines)
    if (RecentErrors::concerns(one)) errors.take(one);
  std::string text;
  for (const auto& row : errors.rows()) text += row.service + ":" + row.event + " " + std::to_string(row.count) + (row.over.empty() ? "; " : " over; ");
  return text;
}

constexpr auto clamd = R"(,"text":"clamd")", rspamd = R"(,"text":"rspamd")", ann = R"(,"account":"ann@a.example")";

}  // namespace

TEST_CASE("recent errors: one row for each kind and service, the newest first; what is no error, and what status tells by itself, is left out") {
  CHECK(rows_of({}).empty());
  CHECK(rows_of({line("error", "storage.trouble", "receive"), line("info", "service.started", "receive"), line("error", "server.ended", "supervisor"), line("warning", "hold.made", "deliver"),
                 line("error", "storage.trouble", "deliver"), line("error", "storage.trouble", "receive")}) == "receive:storage.trouble 2; deliver:storage.trouble 1; ");
}

TEST_CASE("recent errors: what is over is told as such behind what is not, until it comes again") {
  const auto away = line("error", "checker.away", "receive", clamd), back = line("info", "checker.back", "receive", clamd);
  CHECK(rows_of({away, back}) == "receive:checker.away 1 over; ");
  CHECK(rows_of({line("error", "tls.refused", "imap-front"), away, back}) == "imap-front:tls.refused 1; receive:checker.away 1 over; ");
  CHECK(rows_of({away, back, away}) == "receive:checker.away 2; ");
  CHECK_MESSAGE(rows_of({away, line("info", "checker.back", "receive", rspamd)}) == "receive:checker.away 1; ", "another's end");
  CHECK(rows_of({away, line("error", "checker.away", "receive", rspamd), back}) == "receive:checker.away 1; receive:checker.away 1 over; ");
  CHECK(rows_of({line("error", "patterns.stale", "virusdb"), line("error", "patterns.refused", "virusdb"), line("info", "patterns.updated", "virusdb")}) ==
        "virusdb:patterns.refused 1 over; virusdb:patterns.stale 1 over; ");
  CHECK_MESSAGE(rows_of({line("error", "account.suspended", "auth", ann), line("error", "patterns.refused", "virusdb"), line("info", "patterns.updated", "operator"), line("info", "account.released", "operator", ann)}) ==
                    "virusdb:patterns.refused 1 over; auth:account.suspended 1 over; ", "an operator ends them");
}

TEST_CASE("recent errors: a service that is started anew knows of no trouble of its own; what it wrote of others stays, and what was suppressed counts") {
  const auto away = line("error", "checker.away", "receive", clamd), started = line("info", "service.started", "receive"), other = line("info", "service.started", "deliver");
  CHECK(rows_of({away, other}) == "receive:checker.away 1; ");
  CHECK(rows_of({away, started}) == "receive:checker.away 1 over; ");
  CHECK(rows_of({away, started, away}) == "receive:checker.away 2; ");
  CHECK(rows_of({line("error", "storage.trouble", "receive"), started}) == "receive:storage.trouble 1; ");
  CHECK(rows_of({line("error", "account.suspended", "auth", ann), line("info", "service.started", "auth")}) == "auth:account.suspended 1; ");
  const auto suppressed = R"(,"text":"storage.trouble","count":900)";
  CHECK(rows_of({line("error", "storage.trouble", "receive"), line("warning", "log.suppressed", "receive", suppressed), line("warning", "log.suppressed", "deliver", suppressed)}) == "receive:storage.trouble 901; ");
}

TEST_CASE("recent errors: damaged lines are passed over, and the last line stands in the JSON as it was written") {
  CHECK(rows_of({R"({"time":"x","level":"error",)", "\"level\":\"error\""}).empty());
  RecentErrors errors;
  const auto one = line("error", "disk.low", "receive", R"(,"reason":"no \"space\"")");
  errors.take(one);
  const auto json = JsonView::parse(errors_json(errors.rows()));
  REQUIRE(json);
  const auto items = json->items();
  REQUIRE(items.size() == 1);
  CHECK(items[0].text("event") == "disk.low");
  CHECK(items[0].number("count") == 1);
  CHECK(items[0].at("last").text("reason") == "no \"space\"");
  CHECK_FALSE(items[0].has("over_since"));
}

}  // namespace hikyaku::cli
