#include "io/dns_rdata.h"

#include "base/cursor.h"

namespace hikyaku::io {

namespace {

constexpr std::size_t name_limit_octets = 255;
constexpr std::size_t label_limit_octets = 63;

void print_octet(char c, std::string& name) {
  if (c > 0x20 && c < 0x7f && c != '.' && c != '\\') {
    name += ascii_lower(c);
    return;
  }
  const auto octet = static_cast<unsigned char>(c);
  name.append({'\\', static_cast<char>('0' + octet / 100), static_cast<char>('0' + octet / 10 % 10),
               static_cast<char>('0' + octet % 10)});
}

}  // namespace

std::optional<std::string> parse_dns_name(std::string_view rdata) {
  if (rdata.size() > name_limit_octets) return std::nullopt;
  std::string name;
  Cursor in(rdata);
  for (;;) {
    if (in.at_end()) return std::nullopt;
    const auto length = static_cast<unsigned char>(in.next());
    if (length == 0) break;
    if (length > label_limit_octets || in.rest().size() < length) return std::nullopt;
    if (!name.empty()) name += '.';
    for (const char c : in.take_octets(length)) print_octet(c, name);
  }
  if (!in.at_end()) return std::nullopt;
  return name;
}

std::optional<MxRecord> parse_mx(std::string_view rdata) {
  if (rdata.size() < 3) return std::nullopt;
  const auto high = static_cast<unsigned char>(rdata[0]);
  const auto low = static_cast<unsigned char>(rdata[1]);
  auto host = parse_dns_name(rdata.substr(2));
  if (!host) return std::nullopt;
  return MxRecord{static_cast<std::uint16_t>(high << 8 | low), std::move(*host)};
}

std::optional<IpAddress> parse_dns_address(std::string_view rdata) { return IpAddress::from_octets(rdata); }

std::optional<TlsaRecord> parse_tlsa(std::string_view rdata) {
  if (rdata.size() < 4) return std::nullopt;
  const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(rdata[at]); };
  return TlsaRecord{octet(0), octet(1), octet(2), std::string(rdata.substr(3))};
}

std::string tlsa_text(const TlsaRecord& record) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text = std::to_string(record.usage) + ' ' + std::to_string(record.selector) + ' ' + std::to_string(record.matching) + ' ';
  for (const char c : record.data) {
    const auto octet = static_cast<unsigned char>(c);
    text += {digits[octet >> 4], digits[octet & 15]};
  }
  return text;
}

std::optional<std::string> parse_txt(std::string_view rdata) {
  if (rdata.empty()) return std::nullopt;
  std::string text;
  Cursor in(rdata);
  while (!in.at_end()) {
    const auto length = static_cast<unsigned char>(in.next());
    if (in.rest().size() < length) return std::nullopt;
    text += in.take_octets(length);
  }
  return text;
}

}  // namespace hikyaku::io
