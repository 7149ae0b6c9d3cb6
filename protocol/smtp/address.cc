#include "protocol/smtp/address.h"

#include <algorithm>

#include "protocol/dns/host_name.h"

namespace hikyaku::smtp {
namespace {

constexpr bool is_atext(char c) {
  return is_alpha(c) || is_digit(c) || is_eight_bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

using Failure = AddressFailure;

// Dot-string = Atom *("." Atom)      RFC 5321 §4.1.2; UTF-8 in atoms: RFC 6531 §3.3
Result<std::string, Failure> parse_dot_string(Cursor& in, Dots dots) {
  const auto text = in.take_while([](char c) { return is_atext(c) || c == '.'; });
  const bool odd = text.empty() || text.front() == '.' || text.back() == '.' || text.contains("..");
  const bool dots_alone = std::ranges::all_of(text, [](char c) { return c == '.'; });
  if (odd && (dots == Dots::Strict || dots_alone)) return failure(Failure::Syntax);
  return std::string(text);
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE; qtextSMTP = %d32-33 / %d35-91 / %d93-126; quoted-pairSMTP = %d92 %d32-126
Result<std::string, Failure> parse_quoted_string(Cursor& in) {
  std::string out;
  if (!in.take('"')) return failure(Failure::Syntax);
  while (!in.take('"')) {
    if (in.at_end()) return failure(Failure::Syntax);
    in.take('\\');
    if (in.at_end() || is_ctl(in.peek())) return failure(Failure::Syntax);
    out += in.next();
  }
  if (out.empty()) return failure(Failure::Syntax);  // an empty local part names nobody
  return out;
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"      RFC 5321 §4.1.3
Result<std::string, Failure> parse_address_literal(Cursor& in) {
  if (!in.take('[')) return failure(Failure::Syntax);
  const auto body = in.take_while([](char c) { return is_alpha(c) || is_digit(c) || c == '.' || c == ':'; });
  if (!in.take(']')) return failure(Failure::Syntax);
  const bool v6 = starts_with_ignoring_case(body, "IPv6:");
  if (!(v6 ? dns::is_ipv6_text(body.substr(5)) : dns::is_ipv4_text(body))) return failure(Failure::BadDomain);
  return (v6 ? "[IPv6:" + ascii_lower(body.substr(5)) : "[" + std::string(body)) + "]";
}

Result<std::string, Failure> parse_domain(Cursor& in) {
  if (in.peek() == '[') return parse_address_literal(in);
  const auto text =
      in.take_while([](char c) { return is_alpha(c) || is_digit(c) || is_eight_bit(c) || c == '-' || c == '.' || c == '_'; });
  if (text.size() > most_domain_octets) return failure(Failure::TooLong);
  auto name = dns::canonical_name(text);
  if (!name) return failure(Failure::BadDomain);
  return *std::move(name);
}

// A-d-l = At-domain *( "," At-domain ), then ":": accepted and ignored (RFC 5321 §4.1.2, appendix C).
Result<void, Failure> skip_source_route(Cursor& in) {
  if (in.peek() != '@') return {};
  do {
    if (!in.take('@')) return failure(Failure::Syntax);
    TRY_VOID(parse_domain(in));
  } while (in.take(','));
  if (!in.take(':')) return failure(Failure::Syntax);
  return {};
}

// Path = "<" [ A-d-l ":" ] Mailbox ">"
// Tolerated: an address without its brackets, as old scripts and some scanners send it. The end is then the next space.
Result<Address, Failure> parse_path(Cursor& in, Utf8 utf8, Dots dots) {
  const auto start = in.position();
  const bool bracket = in.take('<');
  if (bracket) TRY_VOID(skip_source_route(in));
  TRY(mailbox, parse_mailbox(in, utf8, dots));
  if (bracket && !in.take('>')) return failure(Failure::Syntax);
  if (in.position() - start > most_path_octets) return failure(Failure::TooLong);
  return mailbox;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) == 0xe0 ? 3
                                                                       : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return false;
    i += length;
  }
  return true;
}

Result<Address, AddressFailure> parse_mailbox(Cursor& in, Utf8 utf8, Dots dots) {
  const auto start = in.position();
  const auto text = in.rest();
  auto local_part = in.peek() == '"' ? parse_quoted_string(in) : parse_dot_string(in, dots);
  if (!local_part) return std::unexpected(local_part.error());
  if (local_part->size() > most_local_part_octets) return failure(Failure::TooLong);
  if (!in.take('@')) return failure(Failure::Syntax);
  TRY(domain, parse_domain(in));
  const auto taken = text.substr(0, in.position() - start);
  if (std::ranges::any_of(taken, is_eight_bit)) {
    if (!is_valid_utf8(taken)) return failure(Failure::Syntax);
    if (utf8 == Utf8::Refused) return failure(Failure::NeedsUtf8);
  }
  return Address{*std::move(local_part), std::move(domain)};
}

Result<Address, AddressFailure> parse_address(std::string_view text, Utf8 utf8) {
  Cursor in(text);
  TRY(address, parse_mailbox(in, utf8));
  if (!in.at_end()) return failure(Failure::Syntax);
  return address;
}

Result<ReversePath, AddressFailure> parse_reverse_path(Cursor& in, Utf8 utf8, Dots dots) {
  if (in.take("<>")) return ReversePath{};
  TRY(address, parse_path(in, utf8, dots));
  return ReversePath{std::move(address)};
}

Result<Address, AddressFailure> parse_forward_path(Cursor& in, Utf8 utf8, Dots dots) {
  const auto start = in.position();
  if (in.take_ignoring_case("<postmaster>")) return Address{"postmaster", ""};
  in.rewind_to(start);
  return parse_path(in, utf8, dots);
}

bool is_helo_name(std::string_view text) {
  if (text.starts_with('[')) {
    Cursor in(text);
    return parse_address_literal(in).has_value() && in.at_end();
  }
  // A dot at the end is tolerated: several embedded clients send their name in that form.
  if (text.ends_with('.')) text.remove_suffix(1);
  return dns::canonical_name(text).has_value();
}

}  // namespace hikyaku::smtp
