// `hikyaku log --as epost`, line by line: the layouts that E-Post's documents show, and for the logs whose layout is not published
// (receivelog, outlog, pop3log, imap4log) ours, which operators' scripts may count on from now on.
#include "apps/cli/log/forms.h"

#include <doctest/doctest.h>

namespace hikyaku::cli {
namespace {

struct Row {
  std::string_view event, members, line;  // members: of the JSON, after time and event
};

std::optional<std::string> form_of(const Row& row) {
  const auto line = JsonView::parse("{\"time\":\"2026-11-30T08:20:44.123456+09:00\",\"event\":\"" + std::string(row.event) + "\"" +
                                    (row.members.empty() ? "" : ",") + std::string(row.members) + "}");
  REQUIRE_MESSAGE(line, row.members);
  return epost_form(*line, "mx.example.jp");
}

constexpr Row golden[] = {
    // acceptlog: every connection, then the verdict.
    {"connection.opened", R"("client":"203.0.113.9","client_port":51022,"listener":"smtp")", "[30/Nov/2026:08:20:44], (mx.example.jp), [203.0.113.9]:25, Client accept now."},
    {"connection.opened", R"("client":"2001:db8::9","client_port":51022,"listener":"submission")", "[30/Nov/2026:08:20:44], (mx.example.jp), [2001:db8::9]:587, Client accept now."},
    {"transaction.ok", R"("message":"B0000097586","client":"203.0.113.9","helo":"host.example.net","sender":"a@example.net","recipient":"b@example.jp")",
     "[30/Nov/2026:08:20:44], (mx.example.jp), host.example.net [203.0.113.9], a@example.net,<B0000097586>,ok"},
    {"transaction.aborted", R"("client":"203.0.113.9")", "[30/Nov/2026:08:20:44], (mx.example.jp), - [203.0.113.9], -,<>,abort"},
    {"connection.refused", R"("client":"203.0.113.9","reply":"421 Too many")", "[30/Nov/2026:08:20:44], (mx.example.jp), - [203.0.113.9], -,<>,abort"},
    // inlog: two spaces after the time.
    {"mail.accepted", R"("message":"B0000097403","client":"192.0.2.7","helo":"helo.example.net","sender":"a@example.net","recipient":"b@example.jp")",
     "<B0000097403@mx.example.jp> [30/Nov/2026:08:20:44]  192.0.2.7 helo.example.net a@example.net b@example.jp"},
    {"mail.generated", R"("message":"B0000097404","sender":"","recipient":"a@example.net")", "<B0000097404@mx.example.jp> [30/Nov/2026:08:20:44]  - - - a@example.net"},
    // receivelog.
    {"recipient.refused", R"("client":"203.0.113.9","sender":"a@example.net","recipient":"x@example.jp","reply":"550 5.1.1 No such user")",
     "[30/Nov/2026:08:20:44] [203.0.113.9] a@example.net x@example.jp 550 5.1.1 No such user"},
    {"mail.refused", R"("client":"203.0.113.9","sender":"a@example.net","recipient":"b@example.jp","reply":"554 5.6.0 No")",
     "[30/Nov/2026:08:20:44] [203.0.113.9] a@example.net b@example.jp 554 5.6.0 No"},
    {"command.refused", R"("client":"203.0.113.9","reply":"500 5.5.2 What?")", "[30/Nov/2026:08:20:44] [203.0.113.9] - - 500 5.5.2 What?"},
    {"mail.postponed", R"("client":"203.0.113.9","sender":"a@example.net","reply":"452 4.3.1 Later")", "[30/Nov/2026:08:20:44] [203.0.113.9] a@example.net - 452 4.3.1 Later"},
    {"receive.said", R"("client":"203.0.113.9","text":"C: EHLO host.example.net")", "[30/Nov/2026:08:20:44] [203.0.113.9] C: EHLO host.example.net"},
    // senderlog: the id with -Rnnnn from the first retry on, and the recipient's domain.
    {"delivery.deferred", R"("message":"B0000097013","recipient":"b@example.net","destination":"mx:mx1.example.net","attempt":1,"reply":"451 4.7.1 Later")",
     "[B0000097013] [example.net] [30/Nov/2026:08:20:44] deferred b@example.net 451 4.7.1 Later"},
    {"delivery.deferred", R"("message":"B0000097013","recipient":"b@example.net","destination":"mx:mx1.example.net","attempt":2,"reason":"No answer.")",
     "[B0000097013-R0001] [example.net] [30/Nov/2026:08:20:44] deferred b@example.net No answer."},
    {"delivery.deferred", R"("message":"B0000097013","recipient":"b@example.net","attempt":12346,"reply":"451 Later")",
     "[B0000097013-R12345] [example.net] [30/Nov/2026:08:20:44] deferred b@example.net 451 Later"},
    {"sender.said", R"("message":"B0000097013","next_hop":"mx1.example.net","text":"C: MAIL FROM:<a@example.jp>")",
     "[B0000097013] [mx1.example.net] [30/Nov/2026:08:20:44] C: MAIL FROM:<a@example.jp>"},
    // outlog, by analogy with faillog; outlocallog: no sender for mail made here.
    {"mail.sent", R"("message":"B0000055688","sender":"a@example.jp","recipient":"b@example.net","reply":"250 2.0.0 Ok")",
     "B0000055688@mx.example.jp send ok on [30/Nov/2026:08:20:44] from a@example.jp to b@example.net [250 2.0.0 Ok]"},
    {"mail.delivered", R"("message":"B0000055689","sender":"a@example.net","recipient":"b@example.jp")",
     "B0000055689@mx.example.jp delivered on [30/Nov/2026:08:20:44] from a@example.net to b@example.jp"},
    {"mail.delivered", R"("message":"B0000055690","sender":"","recipient":"b@example.jp")", "B0000055690@mx.example.jp delivered on [30/Nov/2026:08:20:44] from - to b@example.jp"},
    // faillog.
    {"mail.failed", R"("message":"B0000055688","sender":"a@example.jp","recipient":"b@example.net","reply":"550 User Unknown")",
     "B0000055688@mx.example.jp send fail on [30/Nov/2026:08:20:44] from a@example.jp to b@example.net [550 User Unknown]"},
    {"mail.failed", R"("message":"B0000055688","sender":"a@example.jp","recipient":"b@example.net","reason":"The connection was refused.")",
     "B0000055688@mx.example.jp send fail on [30/Nov/2026:08:20:44] from a@example.jp to b@example.net [Unable to deliver to destination domain]"},
    {"mail.failed", R"("message":"B0000055688","sender":"a@example.jp","recipient":"b@example.net","by":"root","reason":"deleted by operator")",
     "B0000055688@mx.example.jp send fail on [30/Nov/2026:08:20:44] from a@example.jp to b@example.net [deleted by operator]"},
    // pop3log, imap4log.
    {"pop3.login", R"("client":"192.0.2.7","account":"b@example.jp")", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp login"},
    {"pop3.login_failed", R"("client":"192.0.2.7","account":"b@example.jp")", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp login failed"},
    {"pop3.command", R"("client":"192.0.2.7","account":"b@example.jp","command":"RETR 1")", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp RETR 1"},
    {"pop3.closed", R"("client":"192.0.2.7","account":"b@example.jp","count":2)", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp closed"},
    {"imap.login", R"("client":"192.0.2.7","account":"b@example.jp")", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp login"},
    {"imap.login_failed", R"("client":"192.0.2.7")", "[30/Nov/2026:08:20:44] [192.0.2.7] - login failed"},
    {"imap.command", R"("client":"192.0.2.7","account":"b@example.jp","command":"SELECT INBOX")", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp SELECT INBOX"},
    {"imap.closed", R"("client":"192.0.2.7","account":"b@example.jp")", "[30/Nov/2026:08:20:44] [192.0.2.7] b@example.jp closed"},
};

TEST_CASE("log: each line of E-Post's logs has its layout") {
  for (const auto& row : golden) {
    const auto form = form_of(row);
    REQUIRE_MESSAGE(form, row.event);
    CHECK(*form == row.line);
  }
}

TEST_CASE("log: what E-Post has no line for is left out, and a damaged time keeps the layout") {
  for (const auto* event : {"service.started", "disk.low", "checker.away", "nobody.knows", ""}) CHECK_MESSAGE(!form_of({event, "", ""}), event);
  for (const auto* time : {"", "2026", "2026-13-30T08:20:44.123456+09:00", "2026-00-30T08:20:44.123456+09:00"}) {
    const auto line = JsonView::parse(R"({"event":"pop3.login","client":"192.0.2.7","account":"b","time":")" + std::string(time) + "\"}");
    REQUIRE(line);
    CHECK(epost_form(*line, "mx.example.jp") == "[] [192.0.2.7] b login");
  }
}

TEST_CASE("log --about: by what an event tells, not by the names of its values") {
  const auto line = JsonView::parse(R"({"time":"2026-11-30T08:20:44.123456+09:00","level":"warning","event":"mail.failed","service":"deliver","message":"B0000097013",)"
                                    R"("sender":"a@example.net","recipient":"b@example.jp","destination":"mx:mx1.example.jp","reply":"550 \"No\"","count":4711,"spent_ms":{"peer":4.000}})");
  REQUIRE(line);
  for (const auto* told : {"B0000097013", "a@example.net", "example.jp", "mx:mx1", "mail.failed", "550 \"No\""}) CHECK_MESSAGE(tells_of(*line, told), told);
  for (const auto* not_told : {"recipient", "destination", "reply", "message", "warning", "deliver", "2026-11-30", "4711", "spent", "c@example.jp"}) CHECK_MESSAGE(!tells_of(*line, not_told), not_told);
}

}  // namespace
}  // namespace hikyaku::cli
