#include <doctest/doctest.h>

#include "base/base64.h"
#include "services/delivery/delivery_report.h"
#include "services/delivery/notification.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
Envelope envelope() {
  Envelope e;
  e.id = {1, 1, 1, 7};
  e.reverse_path.address = {"alice", "example.jp"};
  e.accepted_at = WallTime{std::chrono::seconds{1'700'000'000}};
  return e;
}

ReportRequest request(const Envelope& e, RecipientReport report, std::string_view text) {
  return {e, TraceId{1, 2, 0, 9}, "mx.example.jp", WallTime{std::chrono::seconds{1'700'000'100}}, {std::move(report)}, text};
}

RecipientReport failed(std::string domain = "example.net") {
  return {{{"bob", std::move(domain)}, "rfc822;bob+x@example.net", {}}, Action::Failed, "5.1.1",
          "550 5.1.1 no\r\nsuch user", "", "mail.example.net", WallTime{std::chrono::seconds{1'700'000'050}}, {}};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
constexpr std::string_view original = "Subject: hello\r\nFrom: alice@example.jp\r\n\r\nbody text\r\n";
}  // namespace

TEST_CASE("a failure report has the three parts of RFC 3464 and every field the reader needs") {
  const auto e = envelope();
  const auto text = make_delivery_report(request(e, failed(), original));
  for (const char* line :
       {"To: <alice@example.jp>\r\n", "Auto-Submitted: auto-replied\r\n", "report-type=delivery-status",
        "Reporting-MTA: dns; mx.example.jp\r\n", "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
        "Original-Recipient: rfc822; bob+x@example.net\r\n", "Final-Recipient: rfc822; bob@example.net\r\n",
        "Action: failed\r\n", "Status: 5.1.1\r\n", "Remote-MTA: dns; mail.example.net\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 no  such user\r\n", "Content-Type: message/rfc822\r\n", "body text\r\n"})
    CHECK_MESSAGE(has(text, line), line);
  CHECK(!has(text, "\n.\r\n"));
}

TEST_CASE("only the header goes back when the sender asked so, when the text is long, and when nothing failed") {
  auto e = envelope();
  e.return_content = ReturnContent::Headers;
  CHECK(!has(make_delivery_report(request(e, failed(), original)), "body text"));
  e.return_content = ReturnContent::Full;
  auto large = request(e, failed(), original);
  large.full_return_limit = 10;
  CHECK(!has(make_delivery_report(large), "body text"));
  auto success = failed();
  success.action = Action::Delivered;
  const auto text = make_delivery_report(request(e, success, original));
  CHECK(!has(text, "body text"));
  CHECK(has(text, "Content-Type: text/rfc822-headers\r\n"));
}

TEST_CASE("UTF-8 addresses make the global forms of RFC 6533") {
  const auto e = envelope();
  const auto text = make_delivery_report(request(e, failed("例え.jp"), original));
  CHECK(has(text, "Content-Type: message/global-delivery-status\r\n"));
  CHECK(has(text, "Final-Recipient: utf-8; bob@例え.jp\r\n"));
}

TEST_CASE("the boundary never stands in the returned text") {
  const auto e = envelope();
  const std::string hostile = "Subject: x\r\n\r\n--=_" + TraceId{1, 2, 0, 9}.text() + "--\r\n";
  const auto text = make_delivery_report(request(e, failed(), hostile));
  CHECK(has(text, "boundary=\"=_" + TraceId{1, 2, 0, 9}.text() + "_\""));
}

TEST_CASE("who is told: RFC 3461 by NOTIFY, and never the null sender") {
  struct Row { Notify notify; bool failed, delayed, delivered; };
  const Row rows[] = {{{}, true, true, false},
                      {{.never = true}, false, false, false},
                      {{.success = true}, false, false, true},
                      {{.failure = true}, true, false, false},
                      {{.delay = true}, false, true, false},
                      {{.success = true, .failure = true, .delay = true}, true, true, true}};
  auto e = envelope();
  Envelope null_sender;
  for (const auto& row : rows) {
    const Recipient recipient{{"b", "c"}, "", row.notify};
    CHECK(wants_notification(e, recipient, Action::Failed) == row.failed);
    CHECK(wants_notification(e, recipient, Action::Delayed) == row.delayed);
    CHECK(wants_notification(e, recipient, Action::Delivered) == row.delivered);
    CHECK(wants_notification(e, recipient, Action::Relayed) == row.delivered);
    for (const auto action : {Action::Failed, Action::Delayed, Action::Delivered})
      CHECK(!wants_notification(null_sender, recipient, action));
  }
}
