// The mail that carries an aggregate report (RFC 7489 §7.2.1.1), and the short one that stands for a report which is larger than its receiver takes
// (§7.2.2). Pure. The null reverse-path: nobody is told that a report could not be delivered, and it is tried as long as error mails are.
#pragma once

#include "protocol/dmarc/aggregate_report.h"
#include "services/dmarc_reports/gather.h"
#include "services/dmarc_reports/seen_store.h"
#include "services/spool/message.h"

namespace hikyaku::dmarc_reports {

struct Reporter {
  std::string hostname;  // ours: organization and submitter
  Address contact;       // of who answers for us
  std::uint16_t node = 1, journal = 0;
  WallTime now{};
};

// What a report is about: whole hours of one UTC day.
struct Period {
  UtcHour begin{};
  unsigned hours = hours_of_day;
};

// Always the same for the same period and domain of one host.
[[nodiscard]] std::string report_id(const Period& period, std::string_view domain, const Reporter& by);
// As RFC 7489's schema wants it: IPv6 addresses in eight groups.
[[nodiscard]] dmarc::AggregateReport report_of(const DomainSeen& seen, const Period& period, const Reporter& by);
// `packed`: of the report. Its id follows from period, domain and address.
[[nodiscard]] spool::GeneratedMail report_mail(const dmarc::AggregateReport& report, std::string_view packed, const Address& to, const Reporter& by);
[[nodiscard]] spool::GeneratedMail too_large_mail(const dmarc::AggregateReport& report, std::size_t octets, const Address& to, const Reporter& by);

}  // namespace hikyaku::dmarc_reports
