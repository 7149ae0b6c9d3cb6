#include "services/delivery/report/lost_mail.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;

TEST_CASE("the letter about lost mail of ours names it, the cause and what to do, to the postmaster, and is the same when made again") {
  const TraceId lost{1, 0, 0, 4711};
  const Address postmaster{"postmaster", "a.example"};
  const ReportOrigin origin{"mail.a.example", 9, WallTime{std::chrono::seconds{1'700'000'000}}, {.by = LanguageRule::By::SenderDomain, .japanese_domains = {}}};
  const auto letter = make_lost_mail_letter(lost, "its record\r\nis not there", 3, postmaster, origin);
  REQUIRE(letter.envelope.recipients.size() == 1);
  CHECK(letter.envelope.recipients[0].address == postmaster);
  CHECK(letter.envelope.reverse_path.is_null());
  CHECK(letter.envelope.body_octets == letter.text.size());
  CHECK(letter.text.find("Recipients still to be served: 3.") != std::string::npos);
  CHECK(letter.text.find("Cause: its record  is not there\r\n") != std::string::npos);
  CHECK(letter.text.find("hikyaku trace " + lost.text()) != std::string::npos);
  CHECK(letter.text.find("原因: ") > letter.text.find("Cause: "));  // .example: English first
  CHECK(make_lost_mail_letter(lost, "another word", 2, postmaster, origin).envelope.id == letter.envelope.id);
  const auto japanese = make_lost_mail_letter(lost, "壊れている", 1, {"postmaster", "a.jp"}, origin);
  CHECK(japanese.text.find("原因: 壊れている") < japanese.text.find("Cause: "));
}
