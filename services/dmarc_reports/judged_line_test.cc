#include "services/dmarc_reports/judged_line.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::dmarc_reports;

namespace {

const dmarc::PublishedPolicy policy{"a.example", "reject", "none", "", "r", "s", "50", "1", "n", "", 3'600};
dmarc::ReportRow row() {
  return {"2001:db8::7", 0, "none", "fail", "pass", {{"local_policy", ""}, {"sampled_out", ""}}, "", "b.example", "a.example", {{"a.example", "s1", "pass", ""}, {"c.example", "", "fail", ""}}, {{"b.example", "mfrom", "softfail", ""}}};
}

}  // namespace

TEST_CASE("a judged message comes back from its line") {
  const auto line = judged_line(policy, row());
  REQUIRE(line.ends_with('\n'));
  const auto halves = split_judged_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(halves);
  CHECK(parse_policy(halves->policy) == policy);
  CHECK(parse_row(halves->row) == row());
  auto helo = row();
  helo.envelope_from.clear(), helo.reasons.clear(), helo.dkim_results.clear();
  const auto other = judged_line(policy, helo);
  CHECK(parse_row(split_judged_line(std::string_view(other).substr(0, other.size() - 1))->row) == helo);
}

TEST_CASE("what strangers publish does not break the form") {
  auto evil = row();
  evil.dkim_results[0].selector = "s,1|x\ty z\r\n", evil.spf_results[0].domain = "b\texample|", evil.envelope_from = "\n1\tx", evil.header_from = std::string(5'000, 'a');
  const auto line = judged_line(policy, evil);
  CHECK(line.find('\n') == line.size() - 1);
  const auto halves = split_judged_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(halves);
  const auto back = parse_row(halves->row);
  REQUIRE(back);
  CHECK(back->dkim_results[0].selector == "s?1?x?y?z??");
  CHECK(back->spf_results[0].domain == "b?example?");
  CHECK(back->header_from.size() == 300);
}

TEST_CASE("what is no line is none") {
  const auto line = judged_line(policy, row());
  for (const auto* bad : {"", "x", "1\ta.example", "|", "1|", "|x"}) {
    const auto halves = split_judged_line(bad);
    CHECK_MESSAGE((!halves || !parse_policy(halves->policy)), bad);
    CHECK_MESSAGE((!halves || !parse_row(halves->row)), bad);
  }
  CHECK(parse_policy("1\ta.example\treject\t\t\t\t\t\t\t")->interval_seconds == 86'400);
  CHECK(parse_policy("2\ta.example\treject\t\t\t\t\t\t\t\t3600")->interval_seconds == 3'600);
  CHECK(!parse_policy("2\ta.example\treject\t\t\t\t\t\t\t"));
  CHECK(!parse_policy("2\ta.example\treject\t\t\t\t\t\t\t\t"));
  CHECK(!parse_policy("2\ta.example\treject\t\t\t\t\t\t\t\t3600x"));
  CHECK(!parse_policy("2\ta.example\treject\t\t\t\t\t\t\t\t4294967296"));
  CHECK(!parse_policy("3\ta.example\treject\t\t\t\t\t\t\t\t3600"));
  CHECK(!parse_policy("1\t\treject\t\t\t\t\t\t\t"));
  CHECK(!parse_policy("1\ta.example\treject\t\t\t\t\t\t\t\t"));
  CHECK(!parse_row("192.0.2.7\tnone\tfail\tfail\t\t\ta.example\t|"));                    // nothing of SPF
  CHECK(!parse_row("\tnone\tfail\tfail\t\t\ta.example\t|b.example,mfrom,none"));          // no address
  CHECK(!parse_row("192.0.2.7\tnone\tfail\tfail\t\t\t\t|b.example,mfrom,none"));          // no author
  CHECK(!parse_row("192.0.2.7\tnone\tfail\tfail\tx\t\ta.example\t|b.example,mfrom,none")); // a broken reason
  CHECK(!parse_row("192.0.2.7\tnone\tfail\tfail\t\t\ta.example\ta,b|b.example,mfrom,none"));
  CHECK(!parse_row("192.0.2.7\tnone\tfail\tfail\t\t\ta.example\t|b.example,mfrom"));
  CHECK(parse_row("192.0.2.7\tnone\tfail\tfail\t\t\ta.example\t|b.example,mfrom,none"));
}
