#include "protocol/spf/record.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/dns/ip_text.h"
#include "protocol/spf/macro.h"

namespace hikyaku::spf {
namespace {

constexpr std::string_view version = "v=spf1";

constexpr bool is_name_char(char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; }

struct MechanismName {
  std::string_view name;
  Mechanism mechanism;
};
constexpr std::array<MechanismName, 8> mechanisms{{{"all", Mechanism::All}, {"include", Mechanism::Include}, {"a", Mechanism::A},
                                                   {"mx", Mechanism::Mx}, {"ptr", Mechanism::Ptr}, {"ip4", Mechanism::Ip4},
                                                   {"ip6", Mechanism::Ip6}, {"exists", Mechanism::Exists}}};

std::optional<Qualifier> take_qualifier(Cursor& in) {
  if (in.take('+')) return Qualifier::Pass;
  if (in.take('-')) return Qualifier::Fail;
  if (in.take('~')) return Qualifier::SoftFail;
  if (in.take('?')) return Qualifier::Neutral;
  return std::nullopt;
}

// "0" / %x31-39 *DIGIT (RFC 7208 §5.6)
std::optional<std::uint8_t> parse_prefix(std::string_view digits, unsigned most) {
  if (digits.empty() || digits.size() > 3 || (digits[0] == '0' && digits.size() > 1) || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  return value <= most ? std::optional(static_cast<std::uint8_t>(value)) : std::nullopt;
}

// Where a run of digits at the end of the text begins, if `before` stands in front of it.
std::optional<std::size_t> trailing(std::string_view text, std::string_view before) {
  std::size_t at = text.size();
  while (at > 0 && is_digit(text[at - 1])) --at;
  if (at == text.size() || at < before.size() || text.substr(at - before.size(), before.size()) != before) return std::nullopt;
  return at;
}

// dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ]; cut off the end of `text`.
bool take_dual_prefix(std::string_view& text, Directive& into) {
  if (const auto six = trailing(text, "//")) {
    const auto prefix = parse_prefix(text.substr(*six), 128);
    if (!prefix) return false;
    into.prefix6 = *prefix;
    text = text.substr(0, *six - 2);
  }
  if (const auto four = trailing(text, "/")) {
    const auto prefix = parse_prefix(text.substr(*four), 32);
    if (!prefix) return false;
    into.prefix4 = *prefix;
    text = text.substr(0, *four - 1);
  }
  return true;
}

// ":" ip4-network [ ip4-cidr-length ], and the same of six (§5.6)
bool parse_network(std::string_view text, Directive& into) {
  if (!text.starts_with(':')) return false;
  text.remove_prefix(1);
  const auto slash = text.find('/');
  const auto address = text.substr(0, slash);
  const bool four = into.mechanism == Mechanism::Ip4;
  if (slash != std::string_view::npos) {
    const auto prefix = parse_prefix(text.substr(slash + 1), four ? 32 : 128);
    if (!prefix) return false;
    (four ? into.prefix4 : into.prefix6) = *prefix;
  }
  if (four) {
    const auto network = dns::parse_ipv4(address);
    if (network) std::ranges::copy(*network, into.network.begin());
    return network.has_value();
  }
  const auto network = dns::parse_ipv6(address);
  if (network) into.network = *network;
  return network.has_value();
}

bool parse_domain_argument(std::string_view text, Directive& into, bool needed) {
  if (text.empty()) return !needed;
  if (!text.starts_with(':')) return false;
  into.domain_spec = text.substr(1);
  return is_domain_spec(into.domain_spec);
}

bool parse_mechanism(std::string_view rest, Directive& into) {
  switch (into.mechanism) {
    case Mechanism::All: return rest.empty();
    case Mechanism::Include:
    case Mechanism::Exists: return parse_domain_argument(rest, into, true);
    case Mechanism::Ptr: return parse_domain_argument(rest, into, false);
    case Mechanism::A:
    case Mechanism::Mx: return take_dual_prefix(rest, into) && parse_domain_argument(rest, into, false);
    case Mechanism::Ip4:
    case Mechanism::Ip6: return parse_network(rest, into);
  }
  return false;
}

bool parse_directive(std::string_view term, Record& record) {
  Directive directive;
  directive.text = term;
  Cursor in(term);
  if (const auto qualifier = take_qualifier(in)) directive.qualifier = *qualifier;
  const auto name = in.take_while([](char c) { return is_alpha(c) || is_digit(c); });
  const auto known = std::ranges::find_if(mechanisms, [&](const auto& one) { return equal_ignoring_case(one.name, name); });
  if (known == mechanisms.end()) return false;
  directive.mechanism = known->mechanism;
  if (!parse_mechanism(in.rest(), directive)) return false;
  record.directives.push_back(std::move(directive));
  return true;
}

// modifier = redirect / explanation / unknown-modifier (§6). Known ones once at most.
bool parse_modifier(std::string_view name, std::string_view value, Record& record) {
  std::optional<std::string>* place = nullptr;
  if (equal_ignoring_case(name, "redirect")) place = &record.redirect;
  if (equal_ignoring_case(name, "exp")) place = &record.explanation;
  if (place == nullptr) return is_macro_string(value);
  if (*place || !is_domain_spec(value)) return false;
  *place = std::string(value);
  return true;
}

bool parse_term(std::string_view term, Record& record) {
  Cursor in(term);
  const auto name = in.take_while(is_name_char);
  if (!name.empty() && is_alpha(name.front()) && in.take('=')) return parse_modifier(name, in.rest(), record);
  return parse_directive(term, record);
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return starts_with_ignoring_case(text, version) && (text.size() == version.size() || text[version.size()] == ' ');
}

std::optional<Record> parse_record(std::string_view text, std::string& why) {
  Record record;
  if (!std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; })) {
    why = "the record holds octets that are not printable ASCII";
    return std::nullopt;
  }
  Cursor in(text.substr(version.size()));
  while (!in.at_end()) {
    const auto term = in.take_while([](char c) { return c != ' '; });
    in.take(' ');
    if (term.empty() || parse_term(term, record)) continue;
    why = "\"" + std::string(term) + "\" is no term of SPF";
    return std::nullopt;
  }
  return record;
}

}  // namespace hikyaku::spf
