// The letter to the postmaster about mail of ours (a report, an alias's or a list's copy) whose envelope cannot be read any more: who was to get it stood
// in what is lost, so nobody else can be told.
#pragma once

#include <string_view>

#include "services/delivery/report/report_mail.h"

namespace hikyaku::delivery {

// `recipients`: who were still to get it, as a number. The same letter made again has the same id.
[[nodiscard]] spool::GeneratedMail make_lost_mail_letter(const TraceId& lost, std::string_view damage, std::size_t recipients, const Address& to, const ReportOrigin& origin);

}  // namespace hikyaku::delivery
