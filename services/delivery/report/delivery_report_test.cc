// Reports as whole texts, compared with golden files (HIKYAKU_WRITE_GOLDEN=1 writes them anew: read the difference), and the
// rules that hold for all of them. tests/system/reports_are_understood.py reads them with Postfix and Python.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/cursor.h"
#include "protocol/mime/transfer_encoding.h"
#include "services/delivery/notification.h"
#include "services/delivery/report/delivery_report.h"
#include "services/delivery/report/report_text.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
Envelope envelope(std::string domain = "example.jp") {
  Envelope e;
  e.id = {1, 1, 1, 7};
  e.reverse_path.address = {"alice", std::move(domain)};
  e.accepted_at = WallTime{std::chrono::seconds{1'700'000'000}};
  e.client_helo = "pc.example.jp";
  return e;
}

constexpr std::string_view original =
    "From: alice@example.jp\r\nSubject: =?ISO-2022-JP?B?GyRCMnE1RCRON28bKEI=?=\r\nDate: Tue, 14 Nov 2023 22:13:00 +0000\r\n"
    "Message-ID: <1@pc.example.jp>\r\n\r\nbody text\r\n";

ReportRequest request(const Envelope& e, std::vector<RecipientReport> reports, std::string_view text = original) {
  return {.original = e, .report_id = TraceId{1, 2, 0, 9}, .reporting_mta = "mx.example.jp",
          .now = WallTime{std::chrono::seconds{1'700'000'100}}, .recipients = std::move(reports), .original_text = text,
          .languages = choose_languages({}, e.reverse_path.address.domain), .zone_minutes = 540};
}

RecipientReport failed(std::string local = "bob", std::string domain = "example.net") {
  return {.recipient = {{std::move(local), std::move(domain)}, "rfc822;bob+x@example.net", {}}, .index = 0, .action = Action::Failed,
          .status = "5.1.1", .diagnostic = "550 5.1.1 no\r\nsuch user", .explanation = "", .remote_mta = "mail.example.net",
          .last_attempt = WallTime{std::chrono::seconds{1'700'000'050}}, .will_retry_until = {}, .failure = FailureClass::Refused};
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string::npos; }

void check_golden(const std::string& name, const std::string& text) {
  const std::string path = "services/delivery/report/golden/" + name + ".eml";
  if (std::getenv("HIKYAKU_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream in(path, std::ios::binary);
  const std::string wanted{std::istreambuf_iterator<char>(in), {}};
  CHECK_MESSAGE(text == wanted, name);
}

// What every mail we make must keep to, whatever went into it (RFC 5322 §2.1.1, RFC 5321 §2.3.8).
void check_lines(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    REQUIRE(end != std::string::npos);
    const auto line = std::string_view(text).substr(at, end - at);
    CHECK(line.size() <= 998);
    CHECK(line.find_first_of("\r\n") == std::string_view::npos);
    at = end + 2;
  }
}
}  // namespace

TEST_CASE("reports as they are sent, for each action and language") {
  auto e = envelope();
  e.envelope_id = "QQ314159";
  check_golden("failed_ja", make_delivery_report(request(e, {failed()})));

  const auto foreign = envelope("example.com");
  auto busy = failed("carol");
  busy.status = "5.4.1", busy.diagnostic.clear(), busy.failure = FailureClass::Timeout;
  busy.explanation = "mail.example.net (192.0.2.1:25): no answer within 30 s";
  check_golden("failed_several_en", make_delivery_report(request(foreign, {failed(), failed("dave"), busy})));

  auto late = failed();
  late.action = Action::Delayed, late.status = "4.4.1", late.diagnostic.clear(), late.failure = FailureClass::ConnectionRefused;
  late.explanation = "connection refused";
  late.will_retry_until = WallTime{std::chrono::seconds{1'700'432'000}};
  check_golden("delayed_ja", make_delivery_report(request(e, {late})));

  auto done = failed();
  done.status = "2.0.0", done.diagnostic = "250 2.0.0 queued as 1", done.failure.reset();
  for (const auto& [name, action] : {std::pair{"delivered", Action::Delivered}, {"relayed", Action::Relayed}, {"expanded", Action::Expanded}}) {
    done.action = action;
    check_golden(name, make_delivery_report(request(foreign, {done})));
  }
  auto global = request(e, {failed("花子", "例え.jp")}, "Subject: 件名\r\n\r\n本文\r\n");
  check_golden("global", make_delivery_report(global));
  global.recipients = {failed()};
  global.recipients[0].diagnostic = "550 5.1.1 そんな人はいません";
  check_golden("japanese_reply", make_delivery_report(global));
}

TEST_CASE("only the header goes back when the sender asked so, when the text is long, and when nothing failed") {
  auto e = envelope();
  CHECK(has(make_delivery_report(request(e, {failed()})), "body text"));
  e.return_content = ReturnContent::Headers;
  const auto headers = make_delivery_report(request(e, {failed()}));
  CHECK(!has(headers, "body text"));
  CHECK(has(headers, "Content-Type: text/rfc822-headers\r\n"));
  e.return_content = ReturnContent::Full;
  auto large = request(e, {failed()});
  large.full_return_limit = 10;
  CHECK(!has(make_delivery_report(large), "body text"));
  auto success = failed();
  success.action = Action::Delivered;
  CHECK(!has(make_delivery_report(request(e, {success})), "body text"));
}

TEST_CASE("hostile and broken originals make no hostile report") {
  const auto e = envelope();
  const std::string long_word(5'000, 'x'), id = TraceId{1, 2, 0, 9}.text();
  auto liar = failed();
  liar.diagnostic = "550 \x1b[31m\xff\xfe " + long_word + "\r\n.\r\nQUIT";
  liar.remote_mta = "evil\r\nBcc: all@example.jp";
  liar.recipient.original_recipient = "rfc822;x\r\nInjected: yes";
  for (const std::string& text : {std::string(), std::string("no header at all"), "Subject: x\r\n\r\n--=_" + id + "--\r\n",
                                 std::string("Subject: a\r\n b\r\nMessage-ID: <a\x01@b>\r\n\r\nx\r\n"),
                                 std::string("Subject: =?utf-8?B?") + "4pi6DQpCY2M6IHg=" + "?=\r\n\r\nx\r\n"}) {
    const auto report = make_delivery_report(request(e, {liar}, text));
    check_lines(report);
    const auto header = report.substr(0, report.find("\r\n\r\n") + 2);
    CHECK(!has(header, "\r\nBcc:"));
    CHECK(!has(report, "\r\nInjected"));
    CHECK(!has(report, "In-Reply-To"));
    CHECK(!has(report, "\r\n.\r\n"));
  }
  CHECK(has(make_delivery_report(request(e, {failed()}, "\r\n--=_" + id + "\r\n")), "boundary=\"=_" + id + "_\""));
}

TEST_CASE("many recipients: grouped by reason, counted beyond a hundred, all in the part for machines") {
  const auto e = envelope("example.com");
  std::vector<RecipientReport> all;
  for (int n = 0; n < 1'000; ++n) all.push_back(failed("user" + std::to_string(n)));
  all.push_back(failed("zed"));
  all.back().status = "5.2.2";
  const auto text = report_text(request(e, all));
  CHECK(has(text, "<user99@example.net>"));
  CHECK(!has(text, "<user100@example.net>"));
  CHECK(has(text, "and 900 more"));
  CHECK(has(text, "There are 1 more recipients"));
  const auto report = make_delivery_report(request(e, all));
  check_lines(report);
  std::size_t count = 0;
  for (auto at = report.find("Final-Recipient:"); at != std::string::npos; at = report.find("Final-Recipient:", at + 1)) ++count;
  CHECK(count == 1'001);
}

TEST_CASE("the language follows the sender's domain, or the setting") {
  using enum ReportLanguages;
  struct Row { LanguageRule rule; std::string_view domain; ReportLanguages want; };
  const LanguageRule named{LanguageRule::By::SenderDomain, {"example.com"}};
  const Row rows[] = {{{}, "example.jp", JapaneseFirst}, {{}, "a.co.JP", JapaneseFirst}, {{}, "jp", JapaneseFirst},
                      {{}, "example.tokyo", JapaneseFirst}, {{}, "例え.みんな", JapaneseFirst},
                      {{}, "example.com", EnglishFirst}, {{}, "example.xjp", EnglishFirst}, {{}, "", EnglishFirst},
                      {named, "example.com", JapaneseFirst}, {named, "mail.example.com", JapaneseFirst},
                      {named, "notexample.com", EnglishFirst}, {{LanguageRule::By::SenderDomain, {""}}, "a.com", EnglishFirst},
                      {{LanguageRule::By::English, {}}, "example.jp", English}, {{LanguageRule::By::Japanese, {}}, "a.com", Japanese}};
  for (const auto& row : rows) CHECK_MESSAGE(choose_languages(row.rule, row.domain) == row.want, row.domain);
}

TEST_CASE("one line of foreign text keeps what is UTF-8 and nothing that moves a cursor") {
  CHECK(one_line("a\r\nb\x7f\x1b") == "a  b  ");
  CHECK(one_line("日本\xe6\x9c") == "日本??");
  CHECK(one_line("\xc0\x80\xed\xa0\x80\xf5") == "??????");
  CHECK(one_line("日本", 5) == "日");
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
    CHECK(wants_notification(e, recipient, Action::Expanded) == row.delivered);
    for (const auto action : {Action::Failed, Action::Delayed, Action::Delivered})
      CHECK(!wants_notification(null_sender, recipient, action));
  }
}
