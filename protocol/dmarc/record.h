// What a domain publishes at _dmarc (RFC 7489 §6.3, RFC 9989 §4.7): what is to become of mail in its name that nothing proves, and
// where reports are wanted. Pure, linear, bounded. Both RFCs are read: their tags do not contradict each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::dmarc {

enum class Policy : std::uint8_t { None, Quarantine, Reject };
[[nodiscard]] std::string_view policy_name(Policy policy);

enum class Alignment : std::uint8_t { Relaxed, Strict };
// psd= (RFC 9989 §4.7): whether the domain is a public suffix.
enum class PublicSuffixMark : std::uint8_t { Unknown, Yes, No };

inline constexpr std::size_t most_report_uris = 10;

// "mailto:reports@a.example!10m"
struct ReportUri {
  std::string address;                        // percent signs decoded
  std::optional<std::uint64_t> most_octets;   // of one report, compressed
  friend bool operator==(const ReportUri&, const ReportUri&) = default;
};

struct Record {
  Policy policy = Policy::None;                           // p=
  std::optional<Policy> subdomain_policy, missing_policy; // sp=, np= (RFC 9091, RFC 9989)
  Alignment dkim = Alignment::Relaxed, spf = Alignment::Relaxed;
  unsigned percent = 100;             // pct=, RFC 7489
  bool testing = false;               // t=y, RFC 9989: one step milder
  PublicSuffixMark public_suffix = PublicSuffixMark::Unknown;
  std::string failure_options = "0";  // fo=
  std::uint32_t interval_seconds = 86'400;  // ri=, RFC 7489
  std::vector<ReportUri> aggregate_uris, failure_uris;  // rua=, ruf=; mailto only
};

// "v=DMARC1", exactly, at the start.
[[nodiscard]] bool is_dmarc_record(std::string_view text);
// Unknown tags, and parts that are none, are passed over (RFC 7489 §6.3). Nothing: there is no policy in it (p= is missing or
// wrong, and nobody asks for reports either: RFC 7489 §6.6.3, RFC 9989 §4.7).
[[nodiscard]] std::optional<Record> parse_record(std::string_view text);
// The list of rua= and ruf=; what is no mail address, or too much, is left out.
[[nodiscard]] std::vector<ReportUri> parse_report_uris(std::string_view text);

// What mail in the domain's own name, in a subdomain's, and in that of one that does not exist is to expect.
enum class Place : std::uint8_t { Domain, Subdomain, MissingSubdomain };
[[nodiscard]] Policy policy_for(const Record& record, Place place);
[[nodiscard]] Policy one_step_milder(Policy policy);

}  // namespace hikyaku::dmarc
