#include "protocol/smtp/command.h"

#include <array>
#include <utility>

namespace hikyaku::smtp {
namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 27> verbs{{
    {"HELO", Verb::Helo}, {"EHLO", Verb::Ehlo}, {"LHLO", Verb::Lhlo}, {"MAIL", Verb::Mail}, {"RCPT", Verb::Rcpt},
    {"DATA", Verb::Data}, {"BDAT", Verb::Bdat}, {"RSET", Verb::Rset}, {"NOOP", Verb::Noop}, {"QUIT", Verb::Quit},
    {"VRFY", Verb::Vrfy}, {"EXPN", Verb::Expn}, {"HELP", Verb::Help}, {"AUTH", Verb::Auth}, {"STARTTLS", Verb::StartTls},
    {"GET", Verb::Http}, {"POST", Verb::Http}, {"HEAD", Verb::Http}, {"PUT", Verb::Http}, {"OPTIONS", Verb::Http},
    {"CONNECT", Verb::Http}, {"ETRN", Verb::Etrn}, {"TURN", Verb::Known}, {"ATRN", Verb::Known},
    {"SEND", Verb::Known}, {"SOML", Verb::Known}, {"SAML", Verb::Known},
}};

Reply address_reply(AddressFailure why, EnhancedCode syntax, EnhancedCode domain, std::string_view what) {
  const std::string name(what);
  switch (why) {
    case AddressFailure::Syntax: return {501, syntax, "Syntax error in the " + name + " address"};
    case AddressFailure::TooLong: return {501, syntax, "The " + name + " address is too long"};
    case AddressFailure::BadDomain: return {501, domain, "The domain of the " + name + " address is not valid"};
    case AddressFailure::NeedsUtf8: return {553, {5, 6, 7}, "The address needs SMTPUTF8 at MAIL FROM"};
  }
  return {501, syntax, "Syntax error"};
}

Reply parameter_reply(ParameterFailure why) {
  return why == ParameterFailure::Unknown ? Reply{555, {5, 5, 4}, "Unknown parameter"}
                                          : Reply{501, {5, 5, 4}, "Syntax error in a parameter"};
}

// "FROM:" or "TO:", and spaces after it: "MAIL FROM: <a@b>" is what Outlook Express and many scripts say.
bool take_path_keyword(Cursor& in, std::string_view keyword) {
  in.take_while([](char c) { return c == ' '; });
  if (!in.take_ignoring_case(keyword)) return false;
  in.take_while([](char c) { return c == ' '; });
  return !in.at_end();
}

bool says_smtputf8(std::string_view parameters) {
  for (std::size_t at = 0; at < parameters.size(); ++at)
    if (parameters[at] == ' ' && starts_with_ignoring_case(parameters.substr(at + 1), "SMTPUTF8")) return true;
  return false;
}

}  // namespace

Command split_command(std::string_view line) {
  const auto space = line.find(' ');
  const auto word = line.substr(0, space);
  Command command;
  if (space != std::string_view::npos) command.argument = line.substr(space + 1);
  while (command.argument.ends_with(' ')) command.argument.remove_suffix(1);
  for (const auto& [name, verb] : verbs)
    if (equal_ignoring_case(word, name)) return command.verb = verb, command;
  return command;
}

std::string_view verb_name(Verb verb) {
  for (const auto& [name, known] : verbs)
    if (known == verb) return name;
  return "?";
}

// "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF      RFC 5321 §4.1.1.2
Result<MailCommand, Reply> parse_mail(std::string_view argument, Dots dots) {
  Cursor in(argument);
  if (!take_path_keyword(in, "FROM:")) return failure(Reply{501, {5, 5, 4}, "Syntax: MAIL FROM:<address>"});
  // SMTPUTF8 stands after the address that it allows.
  const auto utf8 = says_smtputf8(in.rest()) ? Utf8::Allowed : Utf8::Refused;
  auto path = parse_reverse_path(in, utf8, dots);
  if (!path) return failure(address_reply(path.error(), {5, 1, 7}, {5, 1, 8}, "sender"));
  if (!in.at_end() && in.peek() != ' ') return failure(address_reply(AddressFailure::Syntax, {5, 1, 7}, {5, 1, 8}, "sender"));
  auto parameters = parse_mail_parameters(in);
  if (!parameters) return failure(parameter_reply(parameters.error()));
  return MailCommand{*std::move(path), *std::move(parameters)};
}

// "RCPT TO:" Forward-path [SP Rcpt-parameters] CRLF      RFC 5321 §4.1.1.3
Result<RcptCommand, Reply> parse_rcpt(std::string_view argument, Utf8 utf8, Dots dots) {
  Cursor in(argument);
  if (!take_path_keyword(in, "TO:")) return failure(Reply{501, {5, 5, 4}, "Syntax: RCPT TO:<address>"});
  auto path = parse_forward_path(in, utf8, dots);
  if (!path) return failure(address_reply(path.error(), {5, 1, 3}, {5, 1, 2}, "recipient"));
  if (!in.at_end() && in.peek() != ' ')
    return failure(address_reply(AddressFailure::Syntax, {5, 1, 3}, {5, 1, 2}, "recipient"));
  auto parameters = parse_rcpt_parameters(in);
  if (!parameters) return failure(parameter_reply(parameters.error()));
  return RcptCommand{*std::move(path), *std::move(parameters)};
}

// "ETRN" SP [option-char] node CRLF; option-char: "@" or "#"      RFC 1985 §5.1
Result<EtrnCommand, Reply> parse_etrn(std::string_view argument) {
  const Reply syntax{501, {5, 5, 4}, "Syntax: ETRN domain, or ETRN @domain"};
  EtrnCommand out;
  // A queue of another name than a domain's is nothing we have.
  if (argument.starts_with('#')) return failure(Reply{458, {4, 5, 4}, "There are no queues by name here: say ETRN domain"});
  if (argument.starts_with('@')) out.subdomains = true, argument.remove_prefix(1);
  const auto address = parse_address("postmaster@" + std::string(argument));
  if (argument.empty() || argument.starts_with('[') || !address) return failure(syntax);
  out.domain = address->domain;
  return out;
}

// bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF      RFC 3030 §2
Result<BdatCommand, Reply> parse_bdat(std::string_view argument) {
  Cursor in(argument);
  BdatCommand out;
  const auto octets = parse_number(in, std::uint64_t{1} << 62);
  if (!octets) return failure(Reply{501, {5, 5, 4}, "Syntax: BDAT octets [LAST]"});
  out.octets = *octets;
  if (in.take(' ')) out.last = in.take_ignoring_case("LAST");
  if (!in.at_end()) return failure(Reply{501, {5, 5, 4}, "Syntax: BDAT octets [LAST]"});
  return out;
}

}  // namespace hikyaku::smtp
