#include "services/refusals/mails.h"

#include <doctest/doctest.h>

#include "protocol/mime/encoded_word.h"

using namespace hikyaku;
using namespace hikyaku::refusals;

namespace {

const WallTime start{std::chrono::days{20'000}};
const Address admin{"admin", "here.example"};
const Origin english{"mx.here.example", 1, start + 2h, {Language::English}}, japanese{"mx.here.example", 1, start + 2h, {Language::Japanese, Language::English}};

policy::LedgerEntry entry(std::string sender = "a@a.example") {
  return {.key = {"192.0.2.0/24", std::move(sender), "b@here.example"}, .first = start, .last = start + 1h, .tries = 4, .shortest = 60s, .longest = 900s, .clients = {"192.0.2.7"},
          .client_name = "ppp1.a.example", .helo = "mail.a.example", .rule = "s25r", .reason = "s25r rule 2: ppp1.a.example"};
}
Row row_of(const policy::LedgerEntry& of) { return {&of, policy::likelihood(of, 1)}; }
std::string no_link(const policy::LedgerEntry&) { return {}; }
std::string a_link(const policy::LedgerEntry& of) { return "https://mx.here.example/refusals/" + of.key.sender; }

// Every line ends with CRLF and nothing else, and is no longer than SMTP allows.
bool is_sound(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    if (end == std::string::npos || end - at > 998) return false;
    if (text.substr(at, end - at).find_first_of("\r\n") != std::string::npos) return false;
    at = end + 2;
  }
  return text.find("\r\n\r\n") != std::string::npos;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the notice says who, how likely, until when, and how to decide") {
  const auto one = entry();
  const auto mail = notice_mail({row_of(one)}, admin, a_link, english);
  CHECK(is_sound(mail.text));
  for (const auto* part : {"To: admin@here.example", "Auto-Submitted: auto-generated", "192.0.2.0/24", "ppp1.a.example", "a@a.example -> b@here.example", "tries: 4", "every 60 s - 15 min", "s25r rule 2", "it came again +15",
                           "allow or deny: https://mx.here.example/refusals/a@a.example", "Subject: Senders about to give up: 1 on mx.here.example"})
    CHECK_MESSAGE(has(mail.text, part), part);
  CHECK(mail.envelope.reverse_path.is_null());
  CHECK(mail.envelope.recipients.front().notify.never);
  CHECK(has(notice_mail({row_of(one)}, admin, no_link, english).text, "hikyaku refusals allow 192.0.2.0/24"));
  const auto both = notice_mail({row_of(one)}, admin, no_link, japanese).text;
  CHECK(has(both, "まもなく再送を断念"));
  CHECK(has(both, "They may soon give up"));
  CHECK(is_sound(both));
}

TEST_CASE("the same notice has the same id, another one another") {
  const auto one = entry(), other = entry("c@a.example");
  const auto id = notice_mail({row_of(one)}, admin, no_link, english).envelope.id;
  CHECK(notice_mail({row_of(one)}, admin, a_link, japanese).envelope.id == id);
  CHECK(notice_mail({row_of(other)}, admin, no_link, english).envelope.id != id);
  CHECK(notice_mail({row_of(one)}, {"other", "here.example"}, no_link, english).envelope.id != id);
  CHECK(given_up_mail({row_of(one)}, admin, english).envelope.id != id);
}

TEST_CASE("a stranger's words break no line and no terminal") {
  auto evil = entry("a\r\nBcc: x@x.example\x1b[2J");
  evil.client_name = "x\ny", evil.helo = "\x01", evil.reason = std::string(5'000, 'r') + "\r\n", evil.rule = "s25r\n";
  evil.key.recipient = "b\x7f@here.example", evil.key.network = "192.0.2.0/24\n";
  for (const auto& mail : {notice_mail({row_of(evil)}, admin, no_link, english), given_up_mail({row_of(evil)}, admin, japanese), *digest_mail({{row_of(evil)}, 0}, {}, {start, start + 2h}, admin, no_link, english)}) {
    CHECK(is_sound(mail.text));
    CHECK(!has(mail.text, "\x1b"));
    CHECK(!has(mail.text, "\x7f"));
    CHECK(!has(mail.text, "\nBcc:"));
  }
}

TEST_CASE("the digest lists, counts and explains the kinds; without anybody put off it is not sent") {
  const auto one = entry(""), other = entry("c@a.example");
  const auto mail = digest_mail({{row_of(one), row_of(other)}, 7}, {{{'B', 12}, {'S', 3}}}, {start, start + 12h}, {"postmaster", ""}, a_link, japanese);
  REQUIRE(mail);
  CHECK(is_sound(mail->text));
  CHECK(has(mime::decode_header_text(mail->text.substr(0, mail->text.find("\r\n\r\n"))), "保留した送信者: 9 件"));
  for (const auto* part : {"To: postmaster@mx.here.example", "<> -> b@here.example", "[B] DNSBL: 12", "[S] 送信者: 3", "and so many more: 7", "[B] DNS list: 12"}) CHECK_MESSAGE(has(mail->text, part), part);
  CHECK(mail->envelope.recipients.front().address == Address{"postmaster", ""});
  CHECK(!digest_mail({}, {}, {start, start + 12h}, admin, no_link, english));
  CHECK(!digest_mail({}, {{{'B', 1}, {'R', 1}}}, {start, start + 12h}, admin, no_link, english));
}

TEST_CASE("a recipient is told who tried, when, and that the mail is not here") {
  const auto one = entry();
  const auto mail = given_up_mail({row_of(one)}, {"b", "here.example"}, english);
  for (const auto* part : {"from: a@a.example", "(4 times)", "ppp1.a.example (192.0.2.0/24)", "The mail itself is not here"}) CHECK_MESSAGE(has(mail.text, part), part);
  CHECK(!has(mail.text, "%"));
  const auto many = given_up_mail(std::vector<Row>(25, row_of(one)), {"b", "here.example"}, english);
  CHECK(has(many.text, "and so many more: 5"));
}

TEST_CASE("of whose mail a copy is in escrow, the mails say until when and how it is released") {
  const auto one = entry(), other = entry("c@a.example");
  auto kept = row_of(one);
  const std::string command = "hikyaku refusals escrow release ";
  kept.copies = {{"id-1", start + 168h}, {"id-2", start + 169h}};
  const auto digest = digest_mail({{kept}, 0}, {}, {start, start + 2h}, admin, no_link, english);
  REQUIRE(digest);
  for (const auto& text : {notice_mail({kept, row_of(other)}, admin, a_link, english).text, digest->text, given_up_mail({kept, row_of(other)}, {"b", "here.example"}, english).text}) {
    CHECK(is_sound(text));
    CHECK(has(text, "an encrypted copy is here until 2024-10-1"));
    CHECK(has(text, ": " + command + "id-1\r\n"));
    CHECK(has(text, command + "id-2\r\n"));
    CHECK(!has(text, "The mail itself is not here"));
  }
  CHECK(has(notice_mail({kept}, admin, a_link, english).text, "the command beside it delivers the mail at once"));
  CHECK(has(given_up_mail({kept}, admin, english).text, "The mail was not delivered."));
  for (const auto& text : {notice_mail({kept}, admin, a_link, japanese).text, given_up_mail({kept}, admin, japanese).text}) CHECK(has(text, "暗号化した控えあり(保管期限 2024-10-1"));
  CHECK(!has(notice_mail({row_of(one)}, admin, a_link, english).text, "copy"));
  kept.copies.resize(12, {"id", start});
  CHECK(has(notice_mail({kept}, admin, a_link, english).text, "and so many more copies: 7"));
}
