// The parameters after a path in MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), REQUIRETLS (RFC 8689), PRDR (draft-hall-prdr-00), RET, ENVID, NOTIFY,
// ORCPT (RFC 3461), AUTH (RFC 4954 §5), and those about its time (time_parameters.h); and xtext (RFC 3461 §4), in which their values come.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"
#include "mail/envelope.h"
#include "protocol/smtp/time_parameters.h"

namespace hikyaku::smtp {

struct MailParameters {
  std::optional<std::uint64_t> size;
  BodyType body_type = BodyType::SevenBit;
  bool smtputf8 = false;
  bool require_tls = false;
  bool answer_each = false;  // PRDR: the text is answered for each recipient
  ReturnContent return_content = ReturnContent::NotGiven;
  std::string envelope_id;                 // decoded
  std::optional<std::string> submitter;    // AUTH=, decoded; "" for "<>"
  std::optional<std::int8_t> priority;
  std::optional<HoldRequest> hold;
  std::optional<ByRequest> by;
  friend bool operator==(const MailParameters&, const MailParameters&) = default;
};

struct RcptParameters {
  Notify notify;
  std::string original_recipient;  // "rfc822;a@b", decoded
  friend bool operator==(const RcptParameters&, const RcptParameters&) = default;
};

enum class ParameterFailure : std::uint8_t {
  Syntax,   // 501 5.5.4: a bad value, or the same parameter twice
  Unknown,  // 555 5.5.4
};

// The cursor stands right after the path. Everything up to the end is read.
[[nodiscard]] Result<MailParameters, ParameterFailure> parse_mail_parameters(Cursor& in);
[[nodiscard]] Result<RcptParameters, ParameterFailure> parse_rcpt_parameters(Cursor& in);

[[nodiscard]] std::string xtext_encode(std::string_view octets);
// Nothing when it is no xtext, or decodes to control characters.
[[nodiscard]] std::optional<std::string> xtext_decode(std::string_view text);

}  // namespace hikyaku::smtp
