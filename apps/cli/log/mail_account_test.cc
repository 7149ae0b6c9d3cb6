#include "apps/cli/log/mail_account.h"

#include <doctest/doctest.h>

#include "services/telemetry/stamp.h"

namespace hikyaku::cli {
namespace {

const WallTime begin = *telemetry::parse_stamp("2026-11-23T00:00:00.000000+09:00");

std::string line(std::string_view event, std::string_view id, std::string_view more = {}, std::string_view time = "2026-11-23T08:00:00.000000+09:00") {
  return R"({"time":")" + std::string(time) + R"(","event":")" + std::string(event) + R"(","message":")" + std::string(id) + "\"" + std::string(more) + "}";
}

std::string open_after(const std::vector<std::string>& lines) {
  MailAccount account(begin);
  for (const auto& one : lines)
    if (MailAccount::concerns(one)) account.take(*JsonView::parse(one));
  std::string text;
  for (const auto& mail : account.open()) text += mail.message + " " + std::to_string(mail.ended.size()) + "/" + std::to_string(mail.recipients) + " ";
  return text;
}

TEST_CASE("mail account: what was accepted or made is open until each recipient has an end") {
  const auto one = R"(,"recipient":"a@x.example")", two = R"(,"recipient":"b@x.example")", both = R"(,"recipient":"a@x.example","count":2)";
  CHECK(open_after({line("mail.accepted", "A", both)}) == "A 0/2 ");
  CHECK(open_after({line("mail.accepted", "A", both), line("mail.sent", "A", one)}) == "A 1/2 ");
  CHECK(open_after({line("mail.accepted", "A", both), line("mail.sent", "A", one), line("mail.failed", "A", two)}).empty());
  CHECK(open_after({line("mail.generated", "A", one), line("mail.accepted", "B", one), line("mail.expanded", "B", one)}) == "A 0/1 ");
  CHECK(open_after({line("mail.accepted", "A", one), line("delivery.deferred", "A", one), line("mail.quarantined", "C", one)}) == "A 0/1 ");
}

TEST_CASE("mail account: an end counts once for its recipient, and may be written before the beginning") {
  const auto one = R"(,"recipient":"a@x.example")", both = R"(,"recipient":"a@x.example","count":2)";
  const auto stored = R"(,"recipient":"c@x.example","original_recipient":"a@x.example")";
  CHECK(open_after({line("mail.delivered", "A", one), line("mail.accepted", "A", one)}).empty());
  CHECK(open_after({line("mail.accepted", "A", both), line("mail.delivered", "A", one), line("mail.delivered", "A", stored)}) == "A 1/2 ");
}

TEST_CASE("mail account: what began before does not count, what was accepted before and made since does") {
  const auto before = "2026-11-22T23:59:59.999999+09:00";
  const auto long_ago = R"(,"recipient":"a@x.example","accepted_at":"2026-11-20T08:00:00.000000+09:00")";
  CHECK(open_after({line("mail.accepted", "A", {}, before)}).empty());
  CHECK(open_after({line("mail.sent", "A", long_ago)}).empty());
  CHECK(open_after({line("mail.generated", "B", R"(,"recipient":"a@x.example")"), line("mail.sent", "B", long_ago)}).empty());
}

}  // namespace
}  // namespace hikyaku::cli
