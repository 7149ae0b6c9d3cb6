// What domains publish in DNS about TLS for their mail: "_mta-sts" (RFC 8461 §3.1) says that there is a policy and which,
// "_smtp._tls" (RFC 8460 §3) where reports about TLS are wanted. Pure, linear, bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::tls_policy {

// The policy's id, 1 to 32 letters and digits. Nothing: these records announce no policy. Records of other purpose at the
// same name do not count; two that announce one are none (§3.1).
[[nodiscard]] std::optional<std::string> read_sts_id(const std::vector<std::string>& txt_records);

// "v=TLSRPTv1; rua=mailto:tls@a.example,https://a.example/tls"
struct ReportAddresses {
  std::vector<std::string> mail;   // "tls@a.example", as written, percent signs decoded
  std::vector<std::string> https;  // whole URIs
  friend bool operator==(const ReportAddresses&, const ReportAddresses&) = default;
};
// Nothing: no reports are wanted. At most 10 addresses of each kind are read.
[[nodiscard]] std::optional<ReportAddresses> read_report_addresses(const std::vector<std::string>& txt_records);

}  // namespace hikyaku::tls_policy
