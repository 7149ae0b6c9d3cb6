// How TLS with one next hop went, judged by the policy in force for it: what a report about TLS counts (RFC 8460 §4.3).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/delivery/tls/sts_store.h"

namespace hikyaku::delivery {

enum class TlsPolicyKind : std::uint8_t { NotFound, Sts, Tlsa };
[[nodiscard]] std::string_view policy_kind_name(TlsPolicyKind kind);  // "no-policy-found", "sts", "tlsa"

enum class TlsResult : std::uint8_t {
  Success, StarttlsNotSupported, CertificateHostMismatch, CertificateExpired, CertificateNotTrusted, ValidationFailure,
  TlsaInvalid, DnssecInvalid, DaneRequired, StsPolicyFetchError, StsPolicyInvalid, StsWebpkiInvalid,
};
[[nodiscard]] std::string_view result_name(TlsResult result);  // "starttls-not-supported", as RFC 8460 §4.3 writes it; "success"
[[nodiscard]] std::optional<TlsResult> parse_result(std::string_view name);
[[nodiscard]] std::optional<TlsPolicyKind> parse_policy_kind(std::string_view name);

struct TlsObservation {
  std::string domain;  // the policy domain: the recipients'
  TlsPolicyKind kind = TlsPolicyKind::NotFound;
  std::vector<std::string> policy;  // its lines, or its TLSA records
  TlsResult result = TlsResult::Success;
  std::string host;     // the MX host; empty: none was come to
  std::string address;  // its
  std::string source;   // our own address
  std::string reason;   // of a failure: our words
};
// On the loop, for each session once TLS was decided.
using ObserveTls = std::function<void(const TlsObservation&)>;

// The lines of a policy as a report quotes them.
[[nodiscard]] std::vector<std::string> policy_lines(const KnownPolicy& known);

}  // namespace hikyaku::delivery
