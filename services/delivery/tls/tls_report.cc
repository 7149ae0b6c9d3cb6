#include "services/delivery/tls/tls_report.h"

#include <zlib.h>

#include "base/base64.h"
#include "base/check.h"
#include "base/checksum.h"
#include "protocol/smtp/received.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::delivery {
namespace {

using telemetry::JsonWriter;

std::int64_t seconds_of(WallTime time) { return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count(); }

void add_failure(JsonWriter& json, const TlsFailureCount& one) {
  json.object().member("result-type", result_name(one.result));
  if (!one.source.empty()) json.member("sending-mta-ip", one.source);
  if (!one.host.empty()) json.member("receiving-mx-hostname", one.host);
  if (!one.address.empty()) json.member("receiving-ip", one.address);
  json.member("failed-session-count", one.sessions);
  if (!one.reason.empty()) json.member("failure-reason-code", one.reason);
  json.end_object();
}

void add_policy(JsonWriter& json, const TlsPolicyCount& one, const std::string& domain) {
  json.object().key("policy").object().member("policy-type", policy_kind_name(one.kind));
  if (!one.policy.empty()) {
    json.key("policy-string").array();
    for (const auto& line : one.policy) json.text(line);
    json.end_array();
  }
  json.member("policy-domain", domain);
  if (one.kind == TlsPolicyKind::Sts && !one.policy.empty()) {
    json.key("mx-host").array();
    for (const auto& line : one.policy)
      if (line.starts_with("mx: ")) json.text(line.substr(4));
    json.end_array();
  }
  json.end_object().key("summary").object().member("total-successful-session-count", one.good).member("total-failure-session-count", one.failed).end_object();
  if (!one.failures.empty()) {
    json.key("failure-details").array();
    for (const auto& failed : one.failures) add_failure(json, failed);
    json.end_array();
  }
  json.end_object();
}

// Lines of 76 (RFC 2045 §6.8).
std::string base64_lines(std::string_view octets) {
  const auto whole = base64_encode(octets);
  std::string out;
  for (std::size_t at = 0; at < whole.size(); at += 76) out += whole.substr(at, 76) + "\r\n";
  return out;
}

std::string mail_text(const TlsReportFacts& facts, const std::vector<Address>& to, const TraceId& id) {
  const auto report_id = tls_report_id(facts), day = day_text(facts.day);
  const std::string boundary = "=_tls_" + id.text();
  std::string addresses;
  for (const auto& address : to) addresses += (addresses.empty() ? "" : ",\r\n\t") + address.text();
  std::string out = "From: " + facts.contact.text() + "\r\nTo: " + addresses + "\r\nDate: " + smtp::message_date(facts.now) +
                    "\r\nSubject: Report Domain: " + facts.domain + "\r\n\tSubmitter: " + facts.hostname + "\r\n\tReport-ID: <" + report_id + ">\r\nMessage-ID: <" +
                    id.text() + '@' + facts.hostname + ">\r\nTLS-Report-Domain: " + facts.domain + "\r\nTLS-Report-Submitter: " + facts.hostname +
                    "\r\nTLS-Required: No\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=\"tlsrpt\";\r\n\tboundary=\"" +
                    boundary + "\"\r\n\r\n--" + boundary + "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is a report about TLS in mail from " + facts.hostname +
                    "\r\nto " + facts.domain + " on " + day + " (UTC), as RFC 8460 describes it.\r\n";
  const auto begin = seconds_of(facts.day), end = begin + 86'399;
  const std::string name = facts.hostname + '!' + facts.domain + '!' + std::to_string(begin) + '!' + std::to_string(end) + ".json.gz";
  out += "\r\n--" + boundary + "\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n\tfilename=\"" + name +
         "\"\r\n\r\n" + base64_lines(gzip(tls_report_json(facts))) + "--" + boundary + "--\r\n";
  return out;
}

}  // namespace

std::string tls_report_id(const TlsReportFacts& facts) { return day_text(facts.day) + '.' + facts.domain + '@' + facts.hostname; }

std::string tls_report_json(const TlsReportFacts& facts) {
  const auto day = day_text(facts.day);
  JsonWriter json;
  json.object().member("organization-name", facts.hostname).key("date-range").object();
  json.member("start-datetime", day + "T00:00:00Z").member("end-datetime", day + "T23:59:59Z").end_object();
  json.member("contact-info", facts.contact.text()).member("report-id", tls_report_id(facts)).key("policies").array();
  for (const auto& one : facts.policies) add_policy(json, one, facts.domain);
  return json.end_array().end_object().take();
}

std::string gzip(std::string_view octets) {
  constexpr int gzip_window = 15 + 16;  // zlib's way to ask for a gzip header
  z_stream stream{};
  check(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib can compress");
  std::string out(deflateBound(&stream, octets.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  check(ended == Z_STREAM_END, "the bound of zlib holds");
  return out;
}

spool::GeneratedMail tls_report_mail(const TlsReportFacts& facts, const std::vector<Address>& to, std::uint16_t node, std::uint16_t journal) {
  spool::GeneratedMail mail;
  mail.envelope.id = TraceId{node, journal, 0, checksum(tls_report_id(facts))}.derived(facts.domain, "tls report", journal);
  mail.envelope.reverse_path.address = facts.contact;
  for (const auto& address : to) mail.envelope.recipients.push_back({address, "", {.never = true}});
  mail.envelope.accepted_at = facts.now;
  mail.envelope.tls_wish = TlsWish::Waive;
  mail.text = mail_text(facts, to, mail.envelope.id);
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

}  // namespace hikyaku::delivery
