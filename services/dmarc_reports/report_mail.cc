#include "services/dmarc_reports/report_mail.h"

#include "base/base64.h"
#include "base/checksum.h"
#include "io/socket_address.h"
#include "protocol/mime/date.h"
#include "protocol/smtp/received.h"

namespace hikyaku::dmarc_reports {
namespace {

// Lines of 76 (RFC 2045 §6.8).
std::string base64_lines(std::string_view octets) {
  const auto whole = base64_encode(octets);
  std::string out;
  for (std::size_t at = 0; at < whole.size(); at += 76) out += whole.substr(at, 76) + "\r\n";
  return out;
}

// The subject of §7.2.1.1, one part a line.
std::string subject_of(const dmarc::AggregateReport& report, const Reporter& by) {
  auto subject = dmarc::report_subject(report, by.hostname);
  for (const std::string_view word : {" Submitter: ", " Report-ID: "})
    if (const auto at = subject.find(word); at != std::string::npos) subject.replace(at, 1, "\r\n\t");
  return subject;
}

std::string header(const dmarc::AggregateReport& report, const Address& to, const TraceId& id, const Reporter& by) {
  return "From: " + by.contact.text() + "\r\nTo: " + to.text() + "\r\nDate: " + smtp::message_date(by.now) + "\r\nSubject: " + subject_of(report, by) + "\r\nMessage-ID: <" + id.text() + "@" + by.hostname +
         ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
}

spool::GeneratedMail empty_mail(const dmarc::AggregateReport& report, const Address& to, const Reporter& by) {
  spool::GeneratedMail mail;
  mail.envelope.id = TraceId{by.node, by.journal, 0, checksum(report.report_id)}.derived(to.text(), "dmarc report", by.journal);
  mail.envelope.recipients.push_back({to, "", {.never = true}});
  mail.envelope.accepted_at = by.now;
  return mail;
}

// "on 2026-11-22", "from 2026-11-22T13 to 2026-11-22T15"
std::string period_text(const dmarc::AggregateReport& report) {
  const auto at = [](std::uint64_t second) { return std::chrono::floor<std::chrono::hours>(std::chrono::sys_seconds{std::chrono::seconds(second)}); };
  const auto begin = at(report.begin), end = at(report.end + 1);
  if (end - begin == std::chrono::days{1}) return "on " + day_name(std::chrono::floor<std::chrono::days>(begin));
  return "from " + hour_name(begin) + " to " + hour_name(end);
}

// RFC 7489's schema knows IPv6 addresses in eight groups only, and readers that go by it refuse a report with "::" in it.
std::string schema_address(const std::string& text) {
  const auto address = io::IpAddress::parse(text);
  if (!address) return text;
  if (address->octets().size() != 16) return address->to_string();  // of ::ffff:192.0.2.7 too
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t n = 0; n < 16; n += 2) {
    const auto group = static_cast<unsigned>(static_cast<unsigned char>(address->octets()[n]) << 8U) | static_cast<unsigned char>(address->octets()[n + 1]);
    if (n > 0) out += ':';
    for (int shift = 12; shift >= 0; shift -= 4)
      if (shift == 0 || group >> static_cast<unsigned>(shift) != 0) out += digits[group >> static_cast<unsigned>(shift) & 0xfU];
  }
  return out;
}

}  // namespace

std::string report_id(const Period& period, std::string_view domain, const Reporter& by) {
  const auto name = period.hours == hours_of_day ? day_name(std::chrono::floor<std::chrono::days>(period.begin)) : hour_name(period.begin) + "+" + std::to_string(period.hours);
  return name + "." + std::string(domain) + "@" + by.hostname;
}

dmarc::AggregateReport report_of(const DomainSeen& seen, const Period& period, const Reporter& by) {
  dmarc::AggregateReport report;
  report.version = "1.0", report.organization = by.hostname, report.email = by.contact.text(), report.report_id = report_id(period, seen.policy.domain, by);
  const auto begin = std::chrono::duration_cast<std::chrono::seconds>(period.begin.time_since_epoch()).count();
  report.begin = static_cast<std::uint64_t>(begin), report.end = report.begin + period.hours * 3'600ULL - 1;
  report.policy = seen.policy;
  report.rows = rows_of(seen);
  for (auto& row : report.rows) row.source_ip = schema_address(row.source_ip);
  if (seen.unlisted > 0) report.errors.push_back(std::to_string(seen.unlisted) + " messages beyond the bounds of this report are not listed");
  return report;
}

spool::GeneratedMail report_mail(const dmarc::AggregateReport& report, std::string_view packed, const Address& to, const Reporter& by) {
  auto mail = empty_mail(report, to, by);
  const std::string boundary = "=_dmarc_" + mail.envelope.id.text();
  const auto name = dmarc::report_file_name(report, by.hostname);
  mail.text = header(report, to, mail.envelope.id, by) + "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary +
              "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is a DMARC aggregate report of " + by.hostname + "\r\nabout mail in the name of " + report.policy.domain + "\r\n" + period_text(report) +
              " (UTC), as RFC 7489 describes it.\r\n\r\n--" + boundary + "\r\nContent-Type: application/gzip; name=\"" + name +
              "\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n\tfilename=\"" + name + "\"\r\n\r\n" + base64_lines(packed) + "--" + boundary + "--\r\n";
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

spool::GeneratedMail too_large_mail(const dmarc::AggregateReport& report, std::size_t octets, const Address& to, const Reporter& by) {
  auto mail = empty_mail(report, to, by);
  mail.text = header(report, to, mail.envelope.id, by) + "Content-Type: text/plain; charset=us-ascii\r\n\r\nReport-Date: " + smtp::message_date(by.now) + "\r\nReport-Domain: " + report.policy.domain + "\r\nReport-ID: " +
              report.report_id + "\r\nReport-Size: " + std::to_string(octets) + "\r\nSubmitter: " + by.hostname + "\r\nSubmitting-URI: mailto:" + to.text() +
              "\r\n\r\nThe DMARC aggregate report about this domain is larger than this address takes.\r\n";
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

}  // namespace hikyaku::dmarc_reports
