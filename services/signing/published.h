// What DNS says of a DKIM key, beside what is ours; and the record to publish, as text and as zone files want it. Pure.
#pragma once

#include <span>
#include <string>

#include "services/directory/dkim_key.h"

namespace hikyaku::signing {

enum class Published : std::uint8_t {
  Right,
  Missing,
  Several,  // records at one name: verifiers may take any (RFC 6376 §3.6.2.2)
  Wrong,    // another key, a revoked one, or no key record at all
};
[[nodiscard]] Published published(std::span<const std::string> records, const directory::DkimKey& key);
[[nodiscard]] std::string_view published_name(Published state);  // "right"

[[nodiscard]] std::string record_name(const directory::DkimKey& key);  // "s._domainkey.example.jp"
[[nodiscard]] std::string record_text(const directory::DkimKey& key);  // "v=DKIM1; k=rsa; p=..."

// A line of a zone file: "name. IN TXT ( "..." "..." )". A string of TXT has 255 octets at most (RFC 1035 §3.3), so a long text is several,
// which whoever reads the record joins.
[[nodiscard]] std::string zone_line(std::string_view name, std::string_view text);

}  // namespace hikyaku::signing
