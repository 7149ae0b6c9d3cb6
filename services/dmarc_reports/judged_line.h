// One message as it was judged by DMARC, as a line of text: what reception writes and delivery gathers into reports. Pure, linear.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/dmarc/aggregate_report.h"

namespace hikyaku::dmarc_reports {

// The two halves of a line. `row` is the same text for messages that a report counts together.
struct JudgedLine {
  std::string_view policy, row;
};

// "2 TAB domain TAB p ... TAB ri | source TAB ..." with its LF (version 1 had no ri); what would break the form is written as "?".
[[nodiscard]] std::string judged_line(const dmarc::PublishedPolicy& policy, const dmarc::ReportRow& row);
// Without its LF. Nothing: it is no such line.
[[nodiscard]] std::optional<JudgedLine> split_judged_line(std::string_view line);
// Its domain is never empty.
[[nodiscard]] std::optional<dmarc::PublishedPolicy> parse_policy(std::string_view policy);
[[nodiscard]] std::optional<dmarc::ReportRow> parse_row(std::string_view row);

}  // namespace hikyaku::dmarc_reports
