#include "protocol/dkim/tag_list.h"
#include "protocol/dmarc/aggregate_report.h"
#include "protocol/dmarc/xml_reader.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::dmarc {
namespace {

class Writer {
 public:
  void open(std::string_view name) {
    indent();
    out_ += '<';
    out_ += name;
    out_ += ">\n";
    names_.push_back(name);
  }
  void close() {
    const auto name = names_.back();
    names_.pop_back();
    indent();
    out_ += "</" + std::string(name) + ">\n";
  }
  void value(std::string_view name, std::string_view text) {
    indent();
    out_ += "<" + std::string(name) + ">" + xml_text(text) + "</" + std::string(name) + ">\n";
  }
  void value_if(std::string_view name, std::string_view text) {
    if (!text.empty()) value(name, text);
  }
  void line(std::string_view text) { out_ += text; }
  std::string take() { return std::move(out_); }

 private:
  void indent() { out_.append(2 * (names_.size() + 1), ' '); }
  std::string out_;
  std::vector<std::string_view> names_;
};

void write_metadata(Writer& out, const AggregateReport& report, Schema schema) {
  out.open("report_metadata");
  out.value("org_name", report.organization);
  out.value("email", report.email);
  out.value_if("extra_contact_info", report.extra_contact);
  out.value("report_id", report.report_id);
  out.open("date_range");
  out.value("begin", std::to_string(report.begin));
  out.value("end", std::to_string(report.end));
  out.close();
  for (const auto& error : report.errors) out.value("error", error);
  if (schema == Schema::Rfc9990) out.value_if("generator", report.generator);
  out.close();
}

void write_policy(Writer& out, const PublishedPolicy& policy, Schema schema) {
  const auto or_p = [&](const std::string& said) { return said.empty() ? policy.p : said; };
  out.open("policy_published");
  out.value("domain", policy.domain);
  if (schema == Schema::Rfc7489) {
    out.value_if("adkim", policy.adkim);
    out.value_if("aspf", policy.aspf);
    out.value("p", policy.p);
    out.value("sp", or_p(policy.sp));
    out.value("pct", policy.pct.empty() ? "100" : policy.pct);
    out.value("fo", policy.fo.empty() ? "0" : policy.fo);
  } else {
    out.value("p", policy.p);
    out.value_if("sp", policy.sp);
    out.value_if("np", policy.np);
    out.value_if("adkim", policy.adkim);
    out.value_if("aspf", policy.aspf);
    out.value_if("discovery_method", policy.discovery_method);
    out.value_if("fo", policy.fo);
    out.value_if("testing", policy.testing);
  }
  out.close();
}

void write_results(Writer& out, const ReportRow& row, Schema schema) {
  out.open("auth_results");
  for (const auto& dkim : row.dkim_results) {
    out.open("dkim");
    out.value("domain", dkim.domain);
    out.value_if("selector", dkim.selector);
    out.value("result", dkim.result);
    out.value_if("human_result", dkim.human_result);
    out.close();
  }
  for (const auto& spf : row.spf_results) {
    out.open("spf");
    out.value("domain", spf.domain);
    out.value("scope", spf.scope.empty() ? "mfrom" : spf.scope);
    out.value("result", spf.result);
    if (schema == Schema::Rfc9990) out.value_if("human_result", spf.human_result);
    out.close();
  }
  out.close();
}

void write_row(Writer& out, const ReportRow& row, Schema schema) {
  out.open("record");
  out.open("row");
  out.value("source_ip", row.source_ip);
  out.value("count", std::to_string(row.count));
  out.open("policy_evaluated");
  out.value("disposition", row.disposition);
  out.value("dkim", row.dkim);
  out.value("spf", row.spf);
  for (const auto& reason : row.reasons) {
    out.open("reason");
    out.value("type", reason.type);
    out.value_if("comment", reason.comment);
    out.close();
  }
  out.close();
  out.close();
  out.open("identifiers");
  out.value_if("envelope_to", row.envelope_to);
  out.value("envelope_from", row.envelope_from);
  out.value("header_from", row.header_from);
  out.close();
  write_results(out, row, schema);
  out.close();
}

}  // namespace

PublishedPolicy published_policy(const Verdict& verdict, const Options& options) {
  PublishedPolicy policy;
  if (!verdict.record) return policy;
  const auto& record = *verdict.record;
  const auto letter = [](Alignment alignment) { return std::string(alignment == Alignment::Strict ? "s" : "r"); };
  policy.domain = verdict.policy_domain;
  policy.p = policy_name(record.policy);
  policy.sp = policy_name(record.subdomain_policy.value_or(record.policy));
  if (record.missing_policy) policy.np = policy_name(*record.missing_policy);
  policy.adkim = letter(record.dkim), policy.aspf = letter(record.spf);
  policy.pct = std::to_string(record.percent), policy.fo = record.failure_options;
  policy.testing = record.testing ? "y" : "n";
  policy.interval_seconds = record.interval_seconds;
  policy.discovery_method = std::holds_alternative<TreeWalk>(options.discovery) ? "treewalk" : "psl";
  return policy;
}

ReportRow report_row(const Facts& facts, const Verdict& verdict, Policy applied, SpfIdentity spf_identity, std::string source_ip) {
  const auto word = [](bool aligned) { return std::string(aligned ? "pass" : "fail"); };
  ReportRow row;
  row.source_ip = std::move(source_ip);
  row.count = 1;
  row.disposition = policy_name(applied), row.dkim = word(verdict.dkim_aligned), row.spf = word(verdict.spf_aligned);
  if (verdict.milder == Override::SampledOut) row.reasons.push_back({"sampled_out", ""});
  if (verdict.milder == Override::TestMode) row.reasons.push_back({"other", "t=y"});
  row.envelope_from = spf_identity == SpfIdentity::MailFrom ? facts.spf.domain : "";
  row.header_from = facts.author_domain;
  for (std::size_t n = 0; n < std::min(facts.dkim.size(), most_dkim_results); ++n)
    row.dkim_results.push_back({facts.dkim[n].domain, facts.dkim[n].selector, std::string(dkim::outcome_name(facts.dkim[n].outcome)), ""});
  row.spf_results.push_back({facts.spf.domain, spf_identity == SpfIdentity::MailFrom ? "mfrom" : "helo", std::string(spf::outcome_name(facts.spf.outcome)), ""});
  return row;
}

std::string report_xml(const AggregateReport& report, Schema schema) {
  Writer out;
  out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  out.line(schema == Schema::Rfc9990 ? "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n" : "<feedback>\n");
  out.value("version", report.version.empty() ? "1.0" : report.version);
  write_metadata(out, report, schema);
  write_policy(out, report.policy, schema);
  for (const auto& row : report.rows) write_row(out, row, schema);
  out.line("</feedback>\n");
  return out.take();
}

std::string report_file_name(const AggregateReport& report, std::string_view receiver) {
  return std::string(receiver) + '!' + report.policy.domain + '!' + std::to_string(report.begin) + '!' + std::to_string(report.end) + ".xml.gz";
}

std::string report_subject(const AggregateReport& report, std::string_view receiver) {
  return "Report Domain: " + report.policy.domain + " Submitter: " + std::string(receiver) + " Report-ID: <" + report.report_id + ">";
}

std::optional<std::string> consent_name(std::string_view policy_domain, std::string_view policy_organization, std::string_view destination_host, std::string_view destination_organization) {
  if (policy_organization == destination_organization) return std::nullopt;
  return std::string(policy_domain) + "._report._dmarc." + std::string(destination_host);
}

// RFC 7489 §7.1: at least one record that begins as one of DMARC; rua= in it may name another address at the same host.
Consent read_consent(const std::vector<std::string>& txt_records, std::string_view destination_host) {
  Consent consent;
  for (const auto& text : txt_records) {
    if (!is_dmarc_record(text)) continue;
    consent.given = true;
    for (const auto part : dkim::split(text, ';')) {
      const auto equals = part.find('=');
      if (equals == std::string_view::npos || dkim::trimmed(part.substr(0, equals)) != "rua") continue;
      for (auto& uri : parse_report_uris(part.substr(equals + 1)))
        if (equal_ignoring_case(uri.address.substr(uri.address.rfind('@') + 1), destination_host) && consent.instead.size() < most_report_uris) consent.instead.push_back(std::move(uri));
    }
  }
  return consent;
}

}  // namespace hikyaku::dmarc
