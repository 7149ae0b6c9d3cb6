// What a domain publishes at SELECTOR._domainkey (RFC 6376 §3.6.1): a public key and what it may be used for. Pure, linear.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/dkim/keys.h"

namespace hikyaku::dkim {

inline constexpr std::size_t most_record_octets = 8192;  // a longer one is an error

struct KeyRecord {
  Algorithm algorithm = Algorithm::RsaSha256;
  std::string key;         // the octets of p=; empty: revoked
  bool sha256 = true;      // h= allows it
  bool testing = false;    // t=y: the domain tries DKIM out
  bool own_name_only = false;  // t=s: i= must be of d= itself
  std::string services;    // s=, as written; "*": all
  [[nodiscard]] bool is_for(std::string_view service) const;  // "email", "tlsrpt" (RFC 8460 §3)
};

// The error is one short reason.
[[nodiscard]] Result<KeyRecord, std::string> parse_key_record(std::string_view text);
// What to publish for a key: "v=DKIM1; k=ed25519; p=...".
[[nodiscard]] std::string key_record_text(Algorithm algorithm, std::string_view public_octets);

}  // namespace hikyaku::dkim
