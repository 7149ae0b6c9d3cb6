#include "services/delivery/tls/tls_observation.h"

#include <array>

namespace hikyaku::delivery {
namespace {

constexpr std::array<std::string_view, 3> kinds{"no-policy-found", "sts", "tlsa"};
constexpr std::array<std::string_view, 12> results{
    "success", "starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted", "validation-failure",
    "tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid"};
constexpr std::size_t most_lines = 50;

template <class Value, std::size_t count>
std::optional<Value> parse(const std::array<std::string_view, count>& names, std::string_view name) {
  for (std::size_t n = 0; n < count; ++n)
    if (names[n] == name) return static_cast<Value>(n);
  return std::nullopt;
}

}  // namespace

std::string_view policy_kind_name(TlsPolicyKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
std::string_view result_name(TlsResult result) { return results[static_cast<std::size_t>(result)]; }
std::optional<TlsResult> parse_result(std::string_view name) { return parse<TlsResult>(results, name); }
std::optional<TlsPolicyKind> parse_policy_kind(std::string_view name) { return parse<TlsPolicyKind>(kinds, name); }

std::vector<std::string> policy_lines(const KnownPolicy& known) {
  std::vector<std::string> lines{"version: STSv1", "mode: " + std::string(tls_policy::mode_name(known.policy.mode))};
  for (const auto& host : known.policy.mx)
    if (lines.size() < most_lines) lines.push_back("mx: " + host);
  lines.push_back("max_age: " + std::to_string(known.policy.max_age.count()));
  return lines;
}

}  // namespace hikyaku::delivery
