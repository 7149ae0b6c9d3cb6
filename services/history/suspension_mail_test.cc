#include "services/history/suspension_mail.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::history;

namespace {

const Time begin{Seconds{1'795'305'600}};
const SuspendedAccount ann{"ann@a.example", begin, "auth", "612 recipients within an hour, 40 were the most of four weeks"};
const MailOrigin english{"mx.here.example", 1, WallTime{begin}, NoticeLanguage::English};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
bool is_sound(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' ? i == 0 || text[i - 1] != '\r' : text[i] == '\r' ? i + 1 == text.size() || text[i + 1] != '\n' : static_cast<unsigned char>(text[i]) < ' ' && text[i] != '\t') return false;
  return true;
}

}  // namespace

TEST_CASE("suspension mail: it says who, why, and what to do, in one language") {
  const auto mail = suspension_mail({ann}, {"postmaster", ""}, english);
  CHECK(is_sound(mail.text));
  for (const auto* part : {"To: postmaster@mx.here.example", "Auto-Submitted: auto-generated", "Subject: Account suspended: ann@a.example on mx.here.example", "612 recipients within an hour", "hikyaku account contain ann@a.example",
                           "hikyaku account release ann@a.example --release-held"})
    CHECK_MESSAGE(has(mail.text, part), part);
  CHECK(mail.envelope.reverse_path.is_null());
  CHECK(mail.envelope.recipients.front().notify.never);
  auto japanese = english;
  japanese.language = NoticeLanguage::Japanese;
  const auto other = suspension_mail({ann}, {"postmaster", ""}, japanese);
  CHECK(has(other.text, "1 時間に 612 宛先(過去 4 週間の最多は 40)"));
  CHECK(is_sound(other.text));
  CHECK(other.envelope.id == mail.envelope.id);  // the same is told
}

TEST_CASE("suspension mail: many are one mail; another time is another one") {
  std::vector<SuspendedAccount> many(150, ann);
  const auto mail = suspension_mail(many, {"admin", "here.example"}, english);
  CHECK(has(mail.text, "ann@a.example and 149 more"));
  CHECK(has(mail.text, "and so many more: 50"));
  auto later = ann;
  later.since += Seconds{1};
  CHECK(suspension_mail({later}, {"admin", "here.example"}, english).envelope.id != suspension_mail({ann}, {"admin", "here.example"}, english).envelope.id);
}

TEST_CASE("suspension mail: words of strangers break no line") {
  auto evil = ann;
  evil.why = "from a network that is new for it (203.0.0.0/16, x\r\nBcc: y@y.example\x1b[2J)";
  const auto mail = suspension_mail({evil}, {"admin", "here.example"}, english);
  CHECK(is_sound(mail.text));
  CHECK(!has(mail.text, "\nBcc"));
}
