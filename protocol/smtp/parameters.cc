#include "protocol/smtp/parameters.h"

#include <algorithm>

namespace hikyaku::smtp {
namespace {

using Failure = ParameterFailure;
constexpr std::size_t most_envelope_id_octets = 100;       // RFC 3461 §4.4
constexpr std::size_t most_original_recipient_octets = 500;  // §4.2
constexpr std::string_view hex_digits = "0123456789ABCDEF";

struct Parameter {
  std::string keyword;    // upper case
  std::string_view value;
  bool has_value = false;
};

// esmtp-param = esmtp-keyword ["=" esmtp-value]; esmtp-value = 1*(%d33-60 / %d62-126), UTF-8 too (RFC 6531 §3.3)
Result<Parameter, Failure> parse_parameter(Cursor& in) {
  Parameter out;
  const auto keyword = in.take_while([](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
  if (keyword.empty() || keyword.front() == '-') return failure(Failure::Syntax);
  out.keyword = ascii_upper(keyword);
  if (in.take('=')) {
    out.has_value = true;
    out.value = in.take_while([](char c) { return c != ' ' && c != '=' && !is_ctl(c); });
    if (out.value.empty()) return failure(Failure::Syntax);
  }
  if (!in.at_end() && in.peek() != ' ') return failure(Failure::Syntax);
  return out;
}

// Calls take(parameter) for each; a keyword comes once at the most.
template <class Take>
Result<void, Failure> parse_all(Cursor& in, Take take) {
  std::vector<std::string> seen;
  while (!in.at_end()) {
    if (!in.take(' ')) return failure(Failure::Syntax);
    in.take_while([](char c) { return c == ' '; });  // tolerated: spaces at the end of the line, doubled spaces
    if (in.at_end()) break;
    TRY(parameter, parse_parameter(in));
    if (std::ranges::find(seen, parameter.keyword) != seen.end()) return failure(Failure::Syntax);
    TRY_VOID(take(parameter));
    seen.push_back(std::move(parameter.keyword));
  }
  return {};
}

Result<void, Failure> take_size(MailParameters& out, std::string_view value) {
  Cursor in(value);
  // size-value = 1*20DIGIT      RFC 1870 §4
  const auto size = parse_number(in, UINT64_MAX);
  if (value.size() > 20 || !std::ranges::all_of(value, is_digit)) return failure(Failure::Syntax);
  out.size = size.value_or(UINT64_MAX);  // 20 digits may say more than there is; it is too large either way
  return {};
}

Result<void, Failure> take_body(MailParameters& out, std::string_view value) {
  if (equal_ignoring_case(value, "7BIT")) return out.body_type = BodyType::SevenBit, Result<void, Failure>{};
  if (equal_ignoring_case(value, "8BITMIME")) return out.body_type = BodyType::EightBitMime, Result<void, Failure>{};
  if (equal_ignoring_case(value, "BINARYMIME")) return out.body_type = BodyType::BinaryMime, Result<void, Failure>{};
  return failure(Failure::Syntax);
}

Result<void, Failure> take_ret(MailParameters& out, std::string_view value) {
  if (equal_ignoring_case(value, "FULL")) return out.return_content = ReturnContent::Full, Result<void, Failure>{};
  if (equal_ignoring_case(value, "HDRS")) return out.return_content = ReturnContent::Headers, Result<void, Failure>{};
  return failure(Failure::Syntax);
}

Result<void, Failure> take_envelope_id(MailParameters& out, std::string_view value) {
  auto id = xtext_decode(value);
  if (!id || id->size() > most_envelope_id_octets) return failure(Failure::Syntax);
  out.envelope_id = *std::move(id);
  return {};
}

Result<void, Failure> take_submitter(MailParameters& out, std::string_view value) {
  if (value == "<>") return out.submitter = "", Result<void, Failure>{};
  auto who = xtext_decode(value);
  if (!who || who->empty()) return failure(Failure::Syntax);
  out.submitter = *std::move(who);
  return {};
}

// Nothing in `value`: a bad one, or the second of two that say the same.
template <class T>
Result<void, Failure> take_once(std::optional<T>& out, std::optional<T> value) {
  if (!value || out) return failure(Failure::Syntax);
  out = std::move(value);
  return {};
}

// RFC 4865 §4.2: one hold-param, not both.
Result<void, Failure> take_hold(MailParameters& out, std::string_view keyword, std::string_view value) {
  if (keyword == "HOLDFOR") {
    const auto seconds = parse_hold_for(value);
    return take_once(out.hold, seconds ? std::optional(HoldRequest{*seconds, {}}) : std::nullopt);
  }
  const auto until = parse_date_time(value);
  return take_once(out.hold, until ? std::optional(HoldRequest{0, *until}) : std::nullopt);
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element      RFC 3461 §4.1
Result<void, Failure> take_notify(RcptParameters& out, std::string_view value) {
  if (equal_ignoring_case(value, "NEVER")) return out.notify.never = true, Result<void, Failure>{};
  for (bool last = false; !last;) {
    const auto comma = value.find(',');
    last = comma == std::string_view::npos;
    const auto word = value.substr(0, comma);
    if (!last) value.remove_prefix(comma + 1);
    bool* flag = equal_ignoring_case(word, "SUCCESS")   ? &out.notify.success
                 : equal_ignoring_case(word, "FAILURE") ? &out.notify.failure
                 : equal_ignoring_case(word, "DELAY")   ? &out.notify.delay
                                                        : nullptr;
    if (flag == nullptr) return failure(Failure::Syntax);
    *flag = true;
  }
  return {};
}

// original-recipient-address = addr-type ";" xtext      RFC 3461 §4.2; utf-8-addr-xtext of RFC 6533 passes as it is
Result<void, Failure> take_original_recipient(RcptParameters& out, std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == 0 || semicolon == std::string_view::npos || value.size() > most_original_recipient_octets)
    return failure(Failure::Syntax);
  const auto type = value.substr(0, semicolon);
  if (!std::ranges::all_of(type, [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; })) return failure(Failure::Syntax);
  const auto address = xtext_decode(value.substr(semicolon + 1));
  if (!address || address->empty()) return failure(Failure::Syntax);
  out.original_recipient = std::string(type) + ';' + *address;
  return {};
}

}  // namespace

Result<MailParameters, ParameterFailure> parse_mail_parameters(Cursor& in) {
  MailParameters out;
  TRY_VOID(parse_all(in, [&out](const Parameter& parameter) -> Result<void, Failure> {
    const auto& [keyword, value, has_value] = parameter;
    if (bool* flag = keyword == "SMTPUTF8" ? &out.smtputf8 : keyword == "REQUIRETLS" ? &out.require_tls : keyword == "PRDR" ? &out.answer_each : nullptr)
      return has_value ? Result<void, Failure>(failure(Failure::Syntax)) : (*flag = true, Result<void, Failure>{});
    const bool of_time = keyword == "MT-PRIORITY" || keyword == "HOLDFOR" || keyword == "HOLDUNTIL" || keyword == "BY";
    const bool known = of_time || keyword == "SIZE" || keyword == "BODY" || keyword == "RET" || keyword == "ENVID" || keyword == "AUTH";
    if (!known) return failure(Failure::Unknown);
    if (!has_value) return failure(Failure::Syntax);
    if (keyword == "SIZE") return take_size(out, value);
    if (keyword == "BODY") return take_body(out, value);
    if (keyword == "RET") return take_ret(out, value);
    if (keyword == "ENVID") return take_envelope_id(out, value);
    if (keyword == "MT-PRIORITY") return take_once(out.priority, parse_priority(value));
    if (keyword == "BY") return take_once(out.by, parse_by(value));
    if (of_time) return take_hold(out, keyword, value);
    return take_submitter(out, value);
  }));
  return out;
}

Result<RcptParameters, ParameterFailure> parse_rcpt_parameters(Cursor& in) {
  RcptParameters out;
  TRY_VOID(parse_all(in, [&out](const Parameter& parameter) -> Result<void, Failure> {
    const auto& [keyword, value, has_value] = parameter;
    if (keyword != "NOTIFY" && keyword != "ORCPT") return failure(Failure::Unknown);
    if (!has_value) return failure(Failure::Syntax);
    return keyword == "NOTIFY" ? take_notify(out, value) : take_original_recipient(out, value);
  }));
  return out;
}

// xtext = *( xchar / hexchar ); xchar = %x21-7E but "+" and "="; hexchar = "+" 2(%x30-39 / %x41-46)
std::string xtext_encode(std::string_view octets) {
  std::string out;
  for (const char c : octets) {
    if (c > 0x20 && c < 0x7f && c != '+' && c != '=') {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += '+';
      out += hex_digits[octet >> 4];
      out += hex_digits[octet & 0xf];
    }
  }
  return out;
}

std::optional<std::string> xtext_decode(std::string_view text) {
  std::string out;
  for (Cursor in(text); !in.at_end();) {
    char c = in.next();
    if (c == '+') {
      const auto high = hex_digits.find(ascii_upper(in.peek()));
      if (in.at_end() || high == std::string_view::npos) return std::nullopt;
      in.next();
      const auto low = hex_digits.find(ascii_upper(in.peek()));
      if (in.at_end() || low == std::string_view::npos) return std::nullopt;
      in.next();
      c = static_cast<char>(high << 4 | low);
    } else if (c == '=' || c == ' ') {
      return std::nullopt;
    }
    if (is_ctl(c)) return std::nullopt;
    out += c;
  }
  return out;
}

}  // namespace hikyaku::smtp
