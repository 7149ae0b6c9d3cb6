// The MTA-STS policy of a domain (RFC 8461 §3.2): which hosts its MX records may name, and what a sender does when TLS with
// one of them cannot be verified. Pure: where the text comes from and how long it is kept is for others.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hikyaku::tls_policy {

enum class StsMode : std::uint8_t {
  None,     // as if there were no policy
  Testing,  // failures are reported, mail goes all the same
  Enforce,  // no mail without verified TLS to a host that is listed
};
[[nodiscard]] std::string_view mode_name(StsMode mode);

struct StsPolicy {
  StsMode mode = StsMode::None;
  std::chrono::seconds max_age{};
  std::vector<std::string> mx;  // lower case: "mx.a.example", "*.a.example"
  friend bool operator==(const StsPolicy&, const StsPolicy&) = default;

  // "*." stands for one whole label (§4.1). `host` is canonical.
  [[nodiscard]] bool lists(std::string_view host) const;
};

inline constexpr std::size_t most_policy_octets = 64 << 10;       // §3.2
inline constexpr std::chrono::seconds longest_max_age{31'557'600};  // §3.2: about a year; more counts as this

// The failure is a sentence. Linear.
[[nodiscard]] Result<StsPolicy, std::string> parse_sts_policy(std::string_view text);

}  // namespace hikyaku::tls_policy
