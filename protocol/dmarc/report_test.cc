#include <doctest/doctest.h>

#include "base/base64.h"
#include "protocol/dkim/test_mail.h"
#include "protocol/dmarc/aggregate_report.h"
#include "protocol/dmarc/report_mail.h"
#include "protocol/dmarc/xml_reader.h"

namespace hikyaku::dmarc {
namespace {

AggregateReport sample() {
  AggregateReport report;
  report.version = "1.0", report.organization = "Us & <them>", report.email = "postmaster@mx.example", report.report_id = "1.a@mx.example", report.begin = 1'700'000'000, report.end = 1'700'086'399;
  report.policy = {"a.example", "reject", "quarantine", "", "r", "s", "50", "1", "", ""};
  ReportRow row;
  row.source_ip = "2001:db8::1", row.count = 7, row.disposition = "quarantine", row.dkim = "fail", row.spf = "pass", row.envelope_from = "a.example", row.header_from = "a.example";
  row.reasons = {{"sampled_out", "pct=50"}};
  row.dkim_results = {{"b.example", "s1", "fail", "body hash did not verify"}, {"c.example", "", "pass", ""}};
  row.spf_results = {{"a.example", "mfrom", "pass", ""}};
  report.rows = {row, row};
  report.rows[1].count = 1;
  return report;
}

TEST_CASE("what is written is read back") {
  auto report = sample();
  const auto again = parse_report(report_xml(report, Schema::Rfc7489));
  REQUIRE(again);
  CHECK(*again == report);
  report.policy.np = "none", report.policy.testing = "n", report.policy.discovery_method = "treewalk", report.policy.pct.clear(), report.generator = "Hikyaku";
  const auto newer = parse_report(report_xml(report, Schema::Rfc9990));
  REQUIRE(newer);
  CHECK(*newer == report);
  CHECK(report_file_name(report, "mx.example") == "mx.example!a.example!1700000000!1700086399.xml.gz");
  CHECK(report_subject(report, "mx.example") == "Report Domain: a.example Submitter: mx.example Report-ID: <1.a@mx.example>");
  report.organization = "a\x01\rb";
  CHECK(parse_report(report_xml(report, Schema::Rfc7489))->organization == "a??b");
  report.organization = "a\xff\xe5\x9b\xb3";
  CHECK(parse_report(report_xml(report, Schema::Rfc7489))->organization == "a????");
  report.organization = "\xe5\x9b\xb3\xef\xbf\xbe";
  CHECK(parse_report(report_xml(report, Schema::Rfc7489))->organization == "\xe5\x9b\xb3?");
}

TEST_CASE("a verdict becomes a row") {
  const Facts facts{"a.example", {"b.example", spf::Outcome::SoftFail}, {{"a.example", "s", dkim::Outcome::PermError}}};
  Verdict verdict;
  verdict.outcome = Outcome::Fail, verdict.policy = Policy::Reject, verdict.disposition = Policy::Quarantine, verdict.milder = Override::SampledOut;
  auto row = report_row(facts, verdict, Policy::Quarantine, SpfIdentity::MailFrom, "192.0.2.7");
  CHECK(row == ReportRow{"192.0.2.7", 1, "quarantine", "fail", "fail", {{"sampled_out", ""}}, "", "b.example", "a.example", {{"a.example", "s", "permerror", ""}}, {{"b.example", "mfrom", "softfail", ""}}});
  row = report_row(facts, verdict, Policy::None, SpfIdentity::Helo, "192.0.2.7");
  CHECK(row.envelope_from.empty());
  CHECK(row.spf_results[0].scope == "helo");
  CHECK(row.disposition == "none");
}

// RFC 7489 appendix C wants these elements in this order.
TEST_CASE("the elements stand in the schema's order") {
  const auto xml = report_xml(sample(), Schema::Rfc7489);
  std::vector<std::string> order;
  XmlReader reader(xml);
  for (;;) {
    const auto event = reader.next();
    REQUIRE(event);
    if (!*event) break;
    if ((*event)->kind == XmlEvent::Kind::Open) order.emplace_back((*event)->name);
  }
  order.resize(order.size() / 2 + 10);
  const std::vector<std::string> head{"feedback", "version", "report_metadata", "org_name", "email", "report_id", "date_range", "begin", "end", "policy_published", "domain", "adkim", "aspf", "p", "sp", "pct", "fo",
                                      "record", "row", "source_ip", "count", "policy_evaluated", "disposition", "dkim", "spf", "reason", "type", "comment", "identifiers", "envelope_from", "header_from", "auth_results", "dkim", "domain"};
  order.resize(head.size());
  CHECK(order == head);
}

TEST_CASE("reports that are none") {
  const auto good = report_xml(sample(), Schema::Rfc7489);
  const auto changed = [&](std::string_view from, std::string_view to) {
    auto text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  CHECK(parse_report(changed("<version>", "<!-- x --><a:b c='d' e = \"f\"/><version>")));
  CHECK(parse_report(changed("<org_name>", "<org_name><![CDATA[<x>]]>"))->organization == "<x>Us & <them>");
  CHECK(parse_report(changed("postmaster", "&#x41;&#66;"))->email == "AB@mx.example");
  for (const auto& bad : {std::string(), std::string("<feedback>"), std::string("<feedback/>"), std::string("hello"), good.substr(0, good.size() / 2), good.substr(0, good.size() - 3), changed("<feedback>", "<!DOCTYPE feedback [<!ENTITY x \"y\">]><feedback>"),
                          changed("&amp;", "&x;"), changed("&amp;", "&"), changed("&amp;", "&#x110000;"), changed("&amp;", "&#0;"), changed("&amp;", "&#xd800;"), changed("&amp;", "&#;"), changed("</org_name>", "</email>"), changed("<count>7", "<count>x"),
                          changed("<count>7", "<count>-7"), changed("<count>7", "<count>99999999999999999999"), changed("<begin>1700000000", "<begin>"), changed("a.example</domain>", "</domain>"), changed("Us &amp; &lt;them&gt;", ""), changed("<version>", "<version x>"),
                          changed("<version>", "<version x=y>"), changed("<version>", "<version x='y>"), changed("<version>", "<>"), "<feedback>" + good})
    CHECK_FALSE_MESSAGE(parse_report(bad), bad);
  std::string deep;
  for (int n = 0; n < 1'000; ++n) deep += "<a>";
  CHECK_FALSE(parse_report(deep));
}

TEST_CASE("consent to reports from outside (RFC 7489 §7.1)") {
  CHECK(consent_name("a.example", "a.example", "reports.test", "reports.test") == "a.example._report._dmarc.reports.test");
  CHECK_FALSE(consent_name("x.a.example", "a.example", "r.a.example", "a.example"));
  CHECK(read_consent({"v=DMARC1"}, "r.test").given);
  CHECK(read_consent({"hello", "v=DMARC1; rua=mailto:b@r.test, mailto:c@evil.test"}, "r.test").instead == std::vector<ReportUri>{{"b@r.test", {}}});
  CHECK_FALSE(read_consent({"v=DMARC2", "", "v=spf1"}, "r.test").given);
  CHECK_FALSE(read_consent({}, "r.test").given);
}

// ---- reports of others

std::string quoted_value(const std::string& json, const std::string& key) {
  const auto at = json.find('"' + key + "\": \"");
  if (at == std::string::npos) return {};
  const auto begin = at + key.size() + 5;
  std::string value;
  for (auto c = begin; json[c] != '"'; ++c) value += json[c] == '\\' ? json[++c] : json[c];
  return value;
}
std::size_t occurrences(const std::string& text, const std::string& of) {
  std::size_t count = 0;
  for (auto at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

void check_against(const AggregateReport& report, const std::string& json) {
  CHECK(report.organization == quoted_value(json, "org_name"));
  CHECK(report.email == quoted_value(json, "email"));
  CHECK(report.report_id == quoted_value(json, "report_id"));
  CHECK(json.find("\"begin\": " + std::to_string(report.begin) + ",") != std::string::npos);
  CHECK(json.find("\"end\": " + std::to_string(report.end)) != std::string::npos);
  CHECK(ascii_lower(quoted_value(json, "p")) == report.policy.p);
  CHECK(report.rows.size() == occurrences(json, "\"source_ip\""));
  CHECK(report.rows[0].source_ip == quoted_value(json, "source_ip"));
  CHECK(report.rows[0].header_from == quoted_value(json, "header_from"));
  std::size_t results = 0;
  for (const auto& row : report.rows) results += row.dkim_results.size() + row.spf_results.size();
  CHECK(results == occurrences(json, "\"human_result\""));
  const auto again = parse_report(report_xml(report, Schema::Rfc9990));
  REQUIRE(again);
  auto rows = report.rows;  // a scope that was not said is MAIL FROM's
  for (auto& row : rows)
    for (auto& spf : row.spf_results)
      if (spf.scope.empty()) spf.scope = "mfrom";
  CHECK(again->rows == rows);
}

TEST_CASE("reports of others, and the mails they came in, are read as their parsed forms say") {
  const auto folder = dkim::testing::testdata("reports/dmarc-feedback");
  if (folder.empty()) {
    MESSAGE("skipped: the reports are not here");
    return;
  }
  for (const char* name : {"001", "002", "003", "004", "005"}) {
    CAPTURE(std::string(name));
    const auto report = parse_report(dkim::testing::read_file(folder + "/" + name + ".xml"));
    REQUIRE(report);
    check_against(*report, dkim::testing::read_file(folder + "/" + name + ".json"));
  }
  for (const char* name : {"100", "101", "102", "103", "104"}) {
    CAPTURE(std::string(name));
    const auto report = report_in_mail(dkim::testing::read_file(folder + "/" + name + ".eml"));
    REQUIRE_MESSAGE(report, report.error());
    check_against(*report, dkim::testing::read_file(folder + "/" + name + ".json"));
  }
}

TEST_CASE("packed reports that are damaged, or too large") {
  // "<feedback/>" by gzip
  const auto gzip = base64_decode("H4sIAAAAAAACA7NJS01NSUpMzta3AwCEtwo7CwAAAA==");
  REQUIRE(gzip);
  CHECK(unpack_report(*gzip) == std::string("<feedback/>"));
  CHECK(unpack_report(*gzip, 10).error() == "the report is too large");
  CHECK(unpack_report("<feedback/>") == std::string("<feedback/>"));
  for (std::size_t at = 2; at < 20; ++at) CHECK_FALSE(unpack_report(std::string_view(*gzip).substr(0, at)));
  for (const std::string& bad : {std::string("PK\x03\x04"), "PK\x03\x04" + std::string(26, '\0') + "x", "PK\x03\x04" + std::string(26, '\xff'), std::string("\x1f\x8b") + std::string(40, 'x')}) {
    const auto unpacked = unpack_report(bad);
    CHECK((!unpacked || unpacked->empty()));
  }
  CHECK(unpack_report(std::string(100, '<'), 99).error() == "the report is too large");
  CHECK(report_in_mail("From: a@a.example\r\n\r\nhello\r\n").error() == "there is no report in this mail");
  CHECK(report_in_mail("From: a@a.example\r\n\r\n<feedback>\r\n").error().find("is expected") != std::string::npos);
}

}  // namespace
}  // namespace hikyaku::dmarc
