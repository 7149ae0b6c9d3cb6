#include <doctest/doctest.h>

#include "services/delivery/schedule/reply_reading.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using smtp::Stage;

namespace {
smtp::Reply reply(std::uint16_t code, std::string_view text) {
  smtp::Reply r;
  r.code = code;
  std::size_t length = 0;
  if (const auto enhanced = smtp::parse_enhanced_code(text, length)) r.enhanced = *enhanced;
  r.text = std::string(text.substr(std::min(text.size(), length > 0 ? length + 1 : 0)));
  return r;
}
struct Row {
  std::uint16_t code;
  Stage stage;
  const char* text;
  FailureClass want;
  int wait_seconds;  // 0: none
};
}  // namespace

TEST_CASE("replies are told apart: greylists, policies, refusals, and what only looks like one") {
  using enum FailureClass;
  const Row rows[] = {
      {450, Stage::Rcpt, "4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/b.example.html", Greylisted, 0},
      {451, Stage::Rcpt, "4.7.1 Greylisting in action, please come back in 00:05:00", Greylisted, 300},
      {451, Stage::Data, "4.7.1 Try again later", Greylisted, 0},
      {450, Stage::Rcpt, "4.7.1 Please try again in 1500 seconds", Greylisted, 1500},
      {451, Stage::Rcpt, "Temporarily deferred, retry in 4 minutes 30 seconds", Greylisted, 270},
      {450, Stage::Rcpt, "グレイリストのため、25分後に再送してください", Greylisted, 1500},
      {451, Stage::Content, "4.7.1 greylisted, retry=3600", Greylisted, 3600},
      // Not a greylist:
      {450, Stage::Rcpt, "4.2.2 mailbox full, try again in 3600 seconds", Transient, 3600},
      {452, Stage::Rcpt, "4.3.1 insufficient system storage, try again later", Transient, 0},
      {450, Stage::Rcpt, "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents more; try again later", Transient, 0},
      {421, Stage::Greeting, "4.7.0 too many connections from your host, try again in 5 minutes", Transient, 300},
      {421, Stage::Greeting, "service not available", Transient, 0},
      {451, Stage::Greeting, "4.7.1 try again later", Transient, 0},
      {454, Stage::Tls, "4.7.0 TLS not available", Transient, 0},
      {451, Stage::Rcpt, "4.3.0 lookup failed", Transient, 0},
      {450, Stage::Rcpt, "4.1.1 user unknown in virtual table 2026, try again", Transient, 0},
      // Policy:
      {421, Stage::Content, "4.7.28 Our system has detected an unusual rate of unsolicited mail", Policy, 0},
      {450, Stage::Rcpt, "4.7.25 Client host rejected: cannot find your reverse hostname", Policy, 0},
      {451, Stage::Rcpt, "4.7.1 SPF check failed temporarily, try again later", Policy, 0},
      {550, Stage::Content, "5.7.26 unauthenticated mail is prohibited", PolicyRefused, 0},
      {550, Stage::Rcpt, "5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org", PolicyRefused, 0},
      {554, Stage::Greeting, "poor reputation", PolicyRefused, 0},
      {550, Stage::Rcpt, "5.1.1 no such user; a terrible loss", Refused, 0},
      {550, Stage::Rcpt, "5.7.1 relaying denied", Refused, 0},
      {552, Stage::Content, "5.2.3 message too large, try again in 5 minutes", Refused, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto got = read_reply(reply(row.code, row.text), row.stage);
    CHECK(class_name(got.failure) == class_name(row.want));
    CHECK((got.wait ? *got.wait : Duration{}) == std::chrono::seconds{row.wait_seconds});
  }
}

TEST_CASE("a reply that speaks of our speed slows us down; a greylist does not") {
  CHECK(read_reply(reply(421, "4.7.0 too many concurrent sessions"), Stage::Greeting).pace == Pace::TooFast);
  CHECK(read_reply(reply(451, "4.7.1 rate limited"), Stage::Mail).pace == Pace::TooFast);
  CHECK(read_reply(reply(451, "4.7.1 Greylisted, too many newcomers"), Stage::Rcpt).pace == Pace::AsBefore);
  CHECK(read_reply(reply(450, "4.2.1 mailbox busy"), Stage::Rcpt).pace == Pace::AsBefore);
}

TEST_CASE("hints: units, clocks and both languages; numbers that are no time are not taken for one") {
  const auto seconds = [](const char* text) {
    const auto wait = wait_hint(text);
    return wait ? std::chrono::duration_cast<std::chrono::seconds>(*wait).count() : 0;
  };
  CHECK(seconds("try again in 5 minutes") == 300);
  CHECK(seconds("try again in 1 hour and 5 min") == 3900);
  CHECK(seconds("please wait 90s") == 90);
  CHECK(seconds("retry after 120") == 120);
  CHECK(seconds("defer 5:00") == 300);
  CHECK(seconds("300 秒後に再送") == 300);
  CHECK(seconds("try again, ticket 4711") == 0);
  CHECK(seconds("try again later, 192.0.2.15 min") == 0);
  CHECK(seconds("try again in 48 hours") == 0);
  CHECK(seconds("try again in 99999999999999 seconds") == 0);
  CHECK(seconds("in 5 minutes") == 0);
  CHECK(seconds("try again in 5 mines") == 0);
  CHECK(seconds("try again in 0 seconds") == 0);
  CHECK(seconds("") == 0);
}

TEST_CASE("class names are read back, and the words of both languages are there") {
  for (std::size_t n = 0; n < failure_classes; ++n) {
    const auto failure = static_cast<FailureClass>(n);
    CHECK(parse_class(class_name(failure)) == failure);
    CHECK(!class_words(failure, false).empty());
    CHECK(!class_words(failure, true).empty());
  }
  CHECK(!parse_class("Refused"));
  CHECK(!parse_class(""));
  CHECK(failure_class_of(60) == FailureClass::Transient);
}
