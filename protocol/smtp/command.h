// Commands as values (RFC 5321 §4.1): the verb of a line, and what stands after MAIL FROM: and RCPT TO:.
#pragma once

#include <string_view>

#include "protocol/smtp/address.h"
#include "protocol/smtp/parameters.h"
#include "protocol/smtp/reply.h"

namespace hikyaku::smtp {

enum class Verb : std::uint8_t {
  Helo, Ehlo, Lhlo, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, Vrfy, Expn, Help, Auth, StartTls, Etrn,
  Http,     // GET, POST, ...: a browser was made to speak to us
  Known,    // TURN, SEND...: commands we do not carry out (502)
  Unknown,  // 500
};

struct Command {
  Verb verb = Verb::Unknown;
  std::string_view argument;  // after the first space; trailing spaces dropped
};

// `line` comes without its CRLF. Case is ignored.
[[nodiscard]] Command split_command(std::string_view line);
[[nodiscard]] std::string_view verb_name(Verb verb);

struct MailCommand {
  ReversePath reverse_path;
  MailParameters parameters;
};
struct RcptCommand {
  Address forward_path;
  RcptParameters parameters;
};
// RFC 1985: the mail that waits for a domain, and for those below it ("@domain").
struct EtrnCommand {
  std::string domain;  // lower case
  bool subdomains = false;
};
struct BdatCommand {
  std::uint64_t octets = 0;
  bool last = false;
};

// The error is the reply to give.
[[nodiscard]] Result<MailCommand, Reply> parse_mail(std::string_view argument, Dots dots = Dots::Strict);
[[nodiscard]] Result<RcptCommand, Reply> parse_rcpt(std::string_view argument, Utf8 utf8, Dots dots = Dots::Strict);
[[nodiscard]] Result<BdatCommand, Reply> parse_bdat(std::string_view argument);
[[nodiscard]] Result<EtrnCommand, Reply> parse_etrn(std::string_view argument);

}  // namespace hikyaku::smtp
