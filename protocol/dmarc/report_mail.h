// An aggregate report as it comes by mail (RFC 7489 §7.2.1.1): an attachment of XML, mostly in gzip, from some in zip. Found by what
// the octets are and not by what the part is called, since reporters disagree on that. Pure, bounded.
#pragma once

#include <string>
#include <string_view>

#include "protocol/dmarc/aggregate_report.h"

namespace hikyaku::dmarc {

inline constexpr std::size_t most_report_octets = 64 << 20;  // of XML, unpacked

// gzip (RFC 1952), the first file of a zip, or XML as it is. The error is one sentence; so is what would become too large.
[[nodiscard]] Result<std::string, std::string> unpack_report(std::string_view octets, std::size_t most_octets = most_report_octets);
// gzip, as a report leaves.
[[nodiscard]] std::string pack_report(std::string_view xml);
// The first part of the message that is a report. The error: why the last candidate was none.
[[nodiscard]] Result<AggregateReport, std::string> report_in_mail(std::string_view message);

}  // namespace hikyaku::dmarc
