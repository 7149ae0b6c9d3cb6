// Aggregate reports (RFC 7489 §7.2 and appendix C, RFC 9990): what a receiver saw in a domain's name, told to that domain once a
// day. Written to the schema, and read as the world writes them. Pure; the caller compresses and mails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"
#include "protocol/dmarc/evaluation.h"

namespace hikyaku::dmarc {

inline constexpr std::size_t most_report_rows = 100'000, most_row_results = 100, most_report_errors = 100;

struct ReportedDkim {
  std::string domain, selector, result, human_result;
  friend bool operator==(const ReportedDkim&, const ReportedDkim&) = default;
};
struct ReportedSpf {
  std::string domain, scope, result, human_result;  // scope: "mfrom", "helo"
  friend bool operator==(const ReportedSpf&, const ReportedSpf&) = default;
};
struct ReportedReason {
  std::string type, comment;  // "sampled_out", "local_policy" ...
  friend bool operator==(const ReportedReason&, const ReportedReason&) = default;
};

// So many messages that had all of this in common.
struct ReportRow {
  std::string source_ip;
  std::uint64_t count = 0;
  std::string disposition, dkim, spf;  // "none"; "pass" or "fail": aligned ones
  std::vector<ReportedReason> reasons;
  std::string envelope_to, envelope_from, header_from;
  std::vector<ReportedDkim> dkim_results;
  std::vector<ReportedSpf> spf_results;  // when written: at least one, the schema wants it
  friend bool operator==(const ReportRow&, const ReportRow&) = default;
};

// The policy as it was found. Empty: not said.
struct PublishedPolicy {
  std::string domain, p, sp, np, adkim, aspf, pct, fo, testing, discovery_method;
  std::uint32_t interval_seconds = 86'400;  // ri=: how often reports are wanted; no report tells it
  friend bool operator==(const PublishedPolicy&, const PublishedPolicy&) = default;
};

struct AggregateReport {
  std::string version;  // "1.0"
  std::string organization, email, extra_contact, report_id, generator;
  std::uint64_t begin = 0, end = 0;  // Unix time
  std::vector<std::string> errors;
  PublishedPolicy policy;
  std::vector<ReportRow> rows;
  friend bool operator==(const AggregateReport&, const AggregateReport&) = default;
};

[[nodiscard]] PublishedPolicy published_policy(const Verdict& verdict, const Options& options);

// One message as a row, its count 1. `applied`: what we did with it, which may be milder than what was asked for; the
// caller adds the reasons for that, but for those of pct= and t=, which are there.
enum class SpfIdentity : std::uint8_t { MailFrom, Helo };
[[nodiscard]] ReportRow report_row(const Facts& facts, const Verdict& verdict, Policy applied, SpfIdentity spf_identity, std::string source_ip);

// RFC 7489 appendix C: what every reader of the last ten years knows. RFC 9990: its namespace, and the tags of RFC 9989.
enum class Schema : std::uint8_t { Rfc7489, Rfc9990 };
[[nodiscard]] std::string report_xml(const AggregateReport& report, Schema schema);

// Unknown elements are passed over; what has no rows, no reporter or no domain is no report. Texts as they are written.
[[nodiscard]] Result<AggregateReport, SyntaxError> parse_report(std::string_view xml);

// "receiver.example!a.example!1700000000!1700086399.xml.gz" (RFC 7489 §7.2.1.1); `receiver` is our own domain.
[[nodiscard]] std::string report_file_name(const AggregateReport& report, std::string_view receiver);
// "Report Domain: a.example Submitter: receiver.example Report-ID: <id>"
[[nodiscard]] std::string report_subject(const AggregateReport& report, std::string_view receiver);

// Where a domain that wants reports sent to another's host must have that host's consent (RFC 7489 §7.1): the name to ask TXT
// of, or nothing when both are of one organization. `organization_of_*` by the discovery in use.
[[nodiscard]] std::optional<std::string> consent_name(std::string_view policy_domain, std::string_view policy_organization, std::string_view destination_host,
                                                      std::string_view destination_organization);
// The consent, and where it says that reports go instead (rua= of the consenting record, of the same host only).
struct Consent {
  bool given = false;
  std::vector<ReportUri> instead;
};
[[nodiscard]] Consent read_consent(const std::vector<std::string>& txt_records, std::string_view destination_host);

}  // namespace hikyaku::dmarc
