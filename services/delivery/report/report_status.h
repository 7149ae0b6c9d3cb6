// The part of a report that machines read: message/delivery-status (RFC 3464 §2), in UTF-8 as
// message/global-delivery-status (RFC 6533 §3) when an address needs it.
#pragma once

#include <string>

#include "services/delivery/report/delivery_report.h"

namespace hikyaku::delivery {

// True when an address of the report cannot be written in ASCII.
[[nodiscard]] bool needs_global_status(const ReportRequest& request);
// CRLF line ends, lines folded; ASCII unless `needs_global_status`: then what is not is written \x{3042} (RFC 6533 §3).
[[nodiscard]] std::string report_status(const ReportRequest& request);

}  // namespace hikyaku::delivery
