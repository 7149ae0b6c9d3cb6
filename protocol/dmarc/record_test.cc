#include "protocol/dmarc/record.h"

#include <doctest/doctest.h>

namespace hikyaku::dmarc {
namespace {

TEST_CASE("records that hold a policy, and texts that hold none") {
  struct Row {
    const char* text;
    Policy domain, sub, missing;
  };
  for (const auto& row : {Row{"v=DMARC1; p=none", Policy::None, Policy::None, Policy::None}, Row{"v=DMARC1;p=reject", Policy::Reject, Policy::Reject, Policy::Reject},
                          Row{"v = DMARC1 ; p = Quarantine ; sp = REJECT ;", Policy::Quarantine, Policy::Reject, Policy::Reject}, Row{"v=DMARC1; sp=none; np=reject; p=quarantine", Policy::Quarantine, Policy::None, Policy::Reject},
                          Row{"v=DMARC1; p=reject; p=none", Policy::Reject, Policy::Reject, Policy::Reject}, Row{"v=DMARC1; x=y; p=reject; garbage", Policy::Reject, Policy::Reject, Policy::Reject},
                          Row{"v=DMARC1; rua=mailto:a@b.example", Policy::None, Policy::None, Policy::None}, Row{"v=DMARC1; p=block; rua=mailto:a@b.example", Policy::None, Policy::None, Policy::None},
                          Row{"v=DMARC1; p=reject; sp=x; rua=mailto:a@b.example", Policy::None, Policy::None, Policy::None}}) {
    const auto record = parse_record(row.text);
    REQUIRE_MESSAGE(record, row.text);
    CHECK_MESSAGE(policy_for(*record, Place::Domain) == row.domain, row.text);
    CHECK_MESSAGE(policy_for(*record, Place::Subdomain) == row.sub, row.text);
    CHECK_MESSAGE(policy_for(*record, Place::MissingSubdomain) == row.missing, row.text);
  }
  for (const char* text : {"", "v=DMARC1", "v=DMARC1;", "p=reject; v=DMARC1", "v=DMARC2; p=reject", "v=dmarc1; p=reject", "v=DMARC1.; p=reject", "V=DMARC1; p=reject", "v=DMARC1; p=", "v=DMARC1; p=block", "v=DMARC1; sp=reject", "v=DMARC1; p=reject; sp=x",
                           "v=DMARC1; p=block; rua=https://a.example", "v=DMARC1 p=reject", "v=spf1 -all"})
    CHECK_FALSE_MESSAGE(parse_record(text), text);
  CHECK_FALSE(parse_record("v=DMARC1; p=none; x=" + std::string(10'000, 'x')));
}

TEST_CASE("the other tags, and what is wrong in them") {
  const auto all = parse_record("v=DMARC1; p=reject; adkim=s; aspf=S; pct=20; t=y; psd=n; fo=1:d:s; ri=3600; ruf=mailto:f@a.example; rua=mailto:r@a.example!10m, mailto:s%2Bx@b.example");
  REQUIRE(all);
  CHECK(all->dkim == Alignment::Strict);
  CHECK(all->spf == Alignment::Strict);
  CHECK(all->percent == 20);
  CHECK(all->testing);
  CHECK(all->public_suffix == PublicSuffixMark::No);
  CHECK(all->failure_options == "1:d:s");
  CHECK(all->interval_seconds == 3600);
  CHECK(all->aggregate_uris == std::vector<ReportUri>{{"r@a.example", 10 << 20}, {"s+x@b.example", {}}});
  CHECK(all->failure_uris.size() == 1);
  const auto wrong = parse_record("v=DMARC1; p=reject; adkim=x; aspf=; pct=101; t=yes; psd=maybe; fo=\x01; ri=-1; rua=,");
  REQUIRE(wrong);
  CHECK(wrong->dkim == Alignment::Relaxed);
  CHECK(wrong->percent == 100);
  CHECK_FALSE(wrong->testing);
  CHECK(wrong->public_suffix == PublicSuffixMark::Unknown);
  CHECK(wrong->failure_options == "0");
  CHECK(wrong->interval_seconds == 86'400);
  CHECK(wrong->aggregate_uris.empty());
}

TEST_CASE("addresses of reports") {
  CHECK(parse_report_uris("mailto:a@b.example!1k")[0].most_octets == 1024);
  CHECK(parse_report_uris("MAILTO:a@b.example!2g,mailto:c@d.example!3t").size() == 2);
  CHECK(parse_report_uris("mailto:a@b.example!7")[0].most_octets == 7);
  CHECK(parse_report_uris("mailto:a%21b@c.example")[0].address == "a!b@c.example");
  CHECK(parse_report_uris("mailto:a@b.example?subject=x")[0].address == "a@b.example");
  for (const char* bad : {"", "a@b.example", "https://a.example/x", "mailto:", "mailto:@b.example", "mailto:a@", "mailto:a@b.example!", "mailto:a@b.example!x", "mailto:a@b.example!10q", "mailto:a@b.example!-1", "mailto:a%@b.example", "mailto:a%0d%0ax@b.example",
                          "mailto:a%zz@b.example", "mailto:<a@b.example>"})
    CHECK_MESSAGE(parse_report_uris(bad).empty(), bad);
  std::string many;
  for (int n = 0; n < 50; ++n) many += "mailto:a@b.example,";
  CHECK(parse_report_uris(many).size() == most_report_uris);
}

}  // namespace
}  // namespace hikyaku::dmarc
