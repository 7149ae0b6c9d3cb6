// The part of a report that people read, and its subject: what happened to whom, why, who must act, what to do, and the
// remote server's own words. Recipients that failed for the same reason stand together.
#pragma once

#include <string>

#include "services/delivery/report/delivery_report.h"

namespace hikyaku::delivery {

// UTF-8, CRLF line ends. Names at most a hundred recipients; the others are counted, and all are in the part for machines.
[[nodiscard]] std::string report_text(const ReportRequest& request);
// UTF-8, one line, not yet encoded for a header.
[[nodiscard]] std::string report_subject(const ReportRequest& request);

// What the whole report is about: the gravest of its recipients' actions.
[[nodiscard]] Action gravest_action(const std::vector<RecipientReport>& recipients);
// A peer's words on one line: controls become spaces, octets that are no UTF-8 become "?"; at most `limit` octets.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t limit = 900);

}  // namespace hikyaku::delivery
