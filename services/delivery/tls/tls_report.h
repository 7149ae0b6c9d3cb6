// The report about TLS to the owner of a domain (RFC 8460): JSON, compressed, and the mail that carries it. Pure text making.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/envelope.h"
#include "services/delivery/tls/tls_book.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

struct TlsReportFacts {
  std::string domain;
  UtcDay day;
  const std::vector<TlsPolicyCount>& policies;
  std::string hostname;  // ours: organisation and submitter
  Address contact;       // of who answers for us; the mail's sender
  WallTime now;
};

// Always the same for the same day and domain of one host (§4.4 report-id).
[[nodiscard]] std::string tls_report_id(const TlsReportFacts& facts);
[[nodiscard]] std::string tls_report_json(const TlsReportFacts& facts);  // §4.4
[[nodiscard]] std::string gzip(std::string_view octets);
// §5.3, §5.4. One mail to all addresses; its id follows from domain and day, so that a repeated one is recognised. It asks for no
// report about itself, and goes also where TLS is what fails (RFC 8689 §3).
[[nodiscard]] spool::GeneratedMail tls_report_mail(const TlsReportFacts& facts, const std::vector<Address>& to, std::uint16_t node, std::uint16_t journal);

}  // namespace hikyaku::delivery
