// The data parts of DNS records as libunbound hands them over: uncompressed wire form, from strangers. Pure, bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/socket_address.h"

namespace hikyaku::io {

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // without the final dot; empty for the root: "accepts no mail" (RFC 7505)
  friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

// RFC 6698 §2.1. Numbers as they are: what they mean is for who verifies with them.
struct TlsaRecord {
  std::uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;
  friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

// All give nothing when octets are missing, left over or beyond the limits of RFC 1035 §3.1.

// Lower-cased, without the final dot, odd octets and dots inside labels as \DDD (RFC 4343 §2.1).
[[nodiscard]] std::optional<std::string> parse_dns_name(std::string_view rdata);
[[nodiscard]] std::optional<MxRecord> parse_mx(std::string_view rdata);
[[nodiscard]] std::optional<IpAddress> parse_dns_address(std::string_view rdata);
[[nodiscard]] std::optional<TlsaRecord> parse_tlsa(std::string_view rdata);
// "3 1 1 0123abcd...", as zone files have it.
[[nodiscard]] std::string tlsa_text(const TlsaRecord& record);
// The strings of a TXT record joined without anything between (RFC 7208 §3.3).
[[nodiscard]] std::optional<std::string> parse_txt(std::string_view rdata);

}  // namespace hikyaku::io
