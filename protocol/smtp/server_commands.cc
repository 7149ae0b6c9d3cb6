// The commands of a session (RFC 5321 §4.1.1, RFC 2033 §4.1, RFC 3207).
#include "base/check.h"
#include "protocol/smtp/server_conversation.h"

namespace hikyaku::smtp {

void ServerConversation::obey(const Command& command) {
  const auto& argument = command.argument;
  switch (command.verb) {
    case Verb::Helo:
    case Verb::Ehlo:
    case Verb::Lhlo: return hello(command);
    case Verb::Mail: return mail(argument);
    case Verb::Rcpt: return rcpt(argument);
    case Verb::Data: return data(argument);
    case Verb::Bdat: return bdat(argument);
    case Verb::Rset: return rset(argument);
    case Verb::Auth: return auth(argument);
    case Verb::StartTls: return start_tls(argument);
    case Verb::Etrn: return etrn(argument);
    case Verb::Noop: return reply({250, {2, 0, 0}, "Ok"});
    case Verb::Quit: return say_goodbye({221, {2, 0, 0}, config_->our_name + " Goodbye"});
    // RFC 5321 §3.5.3: an answer that tells a collector of addresses nothing.
    case Verb::Vrfy:
      if (argument.empty()) return refuse({501, {5, 5, 4}, "Syntax: VRFY address"});
      return reply({252, {2, 5, 0}, "Cannot verify, but will take mail and try to deliver it"});
    case Verb::Expn: return refuse({502, {5, 7, 0}, "EXPN is not available here"});
    case Verb::Help: return reply({214, {2, 0, 0}, "See RFC 5321 and RFC 6409; the manual is with the administrator of this server"});
    case Verb::Http: return say_goodbye({521, {5, 5, 2}, config_->our_name + " This is a mail server"});
    case Verb::Known: return refuse({502, {5, 5, 1}, "Command not implemented"});
    case Verb::Unknown: return refuse({500, {5, 5, 1}, "Command not recognised"});
  }
}

// ehlo = "EHLO" SP ( Domain / address-literal ) CRLF      RFC 5321 §4.1.1.1
// Names that are no domain are taken: RFC 5321 §4.1.4 forbids to refuse mail for them, and PCs send what they are called.
void ServerConversation::hello(const Command& command) {
  const bool lmtp = config_->role == Role::Lmtp;
  if (lmtp != (command.verb == Verb::Lhlo))
    return refuse({500, {5, 5, 1}, lmtp ? "This is LMTP: say LHLO" : "This is SMTP: say EHLO"});
  if (command.argument.empty() || command.argument.contains(' ') || command.argument.size() > 255)
    return refuse({501, {5, 5, 4}, "Syntax: " + std::string(verb_name(command.verb)) + " hostname"});
  end_transaction();
  helo_ = command.argument;
  extended_ = command.verb != Verb::Helo;
  if (!extended_) return reply({250, {}, config_->our_name});

  const Limits& limits = config_->limits;
  std::vector<std::string> words{config_->our_name,
                                 "PIPELINING",
                                 "SIZE " + std::to_string(limits.message_octets),
                                 "8BITMIME",
                                 "SMTPUTF8",
                                 "CHUNKING",
                                 "BINARYMIME",
                                 "DSN",
                                 "ENHANCEDSTATUSCODES",
                                 "LIMITS RCPTMAX=" + std::to_string(limits.recipients) +
                                     " MAILMAX=" + std::to_string(limits.messages)};
  if (!lmtp) words.emplace_back("PRDR");  // LMTP always answers so
  announce_times(words);
  if (may_etrn()) words.emplace_back("ETRN");
  if (takes_require_tls()) words.emplace_back("REQUIRETLS");
  if (config_->tls != TlsOffer::None && !peer_.tls) words.emplace_back("STARTTLS");
  if (const auto mechanisms = offered_mechanisms(); !mechanisms.empty()) words.push_back("AUTH" + mechanisms);
  words.emplace_back("HELP");
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : "\n") + word;
  reply({250, {}, text});
}

void ServerConversation::start_tls(std::string_view argument) {
  if (peer_.tls) return refuse({503, {5, 5, 1}, "TLS is active already"});
  if (config_->tls == TlsOffer::None) return refuse({502, {5, 5, 1}, "STARTTLS is not available here"});
  if (!argument.empty()) return refuse({501, {5, 5, 4}, "Syntax: STARTTLS"});
  // Octets already here were sent in plain by whoever sits between us, to be taken for the client's protected words.
  if (!input_.empty()) return say_goodbye({554, {5, 5, 0}, config_->our_name + " Nothing may follow STARTTLS before TLS begins"});
  end_transaction();
  reply({220, {2, 0, 0}, "Ready to start TLS"});
  awaiting_ = Awaiting::Tls;
  enqueue(server::StartTls{});
}

std::optional<Reply> ServerConversation::reason_against_mail() const {
  if (helo_.empty()) return Reply{503, {5, 5, 1}, config_->role == Role::Lmtp ? "Say LHLO first" : "Say EHLO first"};
  if (config_->tls == TlsOffer::Demanded && !peer_.tls) return Reply{530, {5, 7, 0}, "Say STARTTLS first"};
  if (config_->role == Role::Submission && account_.empty()) return Reply{530, {5, 7, 0}, "Authentication required"};
  if (transaction_) return Reply{503, {5, 5, 1}, "A transaction is open: finish it or say RSET"};
  if (messages_ >= config_->limits.messages)
    return Reply{421, {4, 7, 0}, config_->our_name + " Enough messages for one connection, connect again"};
  return std::nullopt;
}

void ServerConversation::mail(std::string_view argument) {
  if (auto reason = reason_against_mail()) return refuse(*std::move(reason));
  auto command = parse_mail(argument, config_->dots);
  if (!command) return refuse(std::move(command).error());
  if (command->parameters.size.value_or(0) > config_->limits.message_octets)
    return refuse({552, {5, 3, 4}, "The message is larger than this server takes"});
  if (command->parameters.answer_each && config_->role == Role::Lmtp) return refuse({555, {5, 5, 4}, "LMTP answers for each recipient without PRDR"});
  if (command->parameters.require_tls && !takes_require_tls()) return refuse({555, {5, 5, 4}, "REQUIRETLS is taken under TLS only"});
  if (auto reason = reason_against_times(*command)) return refuse(*std::move(reason));
  transaction_ = std::make_unique<Transaction>();
  Envelope& envelope = transaction_->envelope;
  envelope.reverse_path = std::move(command->reverse_path);
  envelope.body_type = command->parameters.body_type;
  envelope.smtputf8 = command->parameters.smtputf8;
  if (command->parameters.require_tls) envelope.tls_wish = TlsWish::Require;
  envelope.return_content = command->parameters.return_content;
  take_times(command->parameters);
  transaction_->declared_octets = command->parameters.size.value_or(0);
  transaction_->answer_each = command->parameters.answer_each;
  envelope.envelope_id = std::move(command->parameters.envelope_id);
  envelope.client_address = peer_.client_address;
  envelope.client_helo = helo_;
  envelope.account = account_;
  awaiting_ = Awaiting::Sender;
  enqueue(server::CheckSender{envelope.reverse_path, transaction_->declared_octets});
}

void ServerConversation::sender_checked(Verdict verdict) {
  check(awaiting_ == Awaiting::Sender, "a sender was asked about");
  awaiting_ = Awaiting::Nothing;
  if (!verdict) return transaction_->sender_accepted = true, reply(sender_ok());
  transaction_.reset();
  refuse(*std::move(verdict));
}

void ServerConversation::rcpt(std::string_view argument) {
  if (!transaction_) return refuse({503, {5, 5, 1}, "Say MAIL first"});
  if (transaction_->content_begun) return refuse({503, {5, 5, 1}, "The message has begun"});
  auto command = parse_rcpt(argument, transaction_->envelope.smtputf8 ? Utf8::Allowed : Utf8::Refused, config_->dots);
  if (!command) return refuse(std::move(command).error());
  // RFC 5321 §4.5.3.1.10: 452, so that the client sends the rest in a transaction of their own.
  if (transaction_->accepted.size() >= config_->limits.recipients) return reply({452, {4, 5, 3}, "Too many recipients, send the message to the others again"});
  transaction_->asked = *std::move(command);
  awaiting_ = Awaiting::Recipient;
  enqueue(server::CheckRecipient{transaction_->asked.forward_path, transaction_->declared_octets});
}

void ServerConversation::recipient_checked(Verdict verdict, std::optional<Address> known_as) {
  check(awaiting_ == Awaiting::Recipient, "a recipient was asked about");
  awaiting_ = Awaiting::Nothing;
  if (verdict) return refuse(*std::move(verdict));
  auto& asked = transaction_->asked;
  if (known_as) asked.forward_path = *std::move(known_as);
  auto& recipients = transaction_->envelope.recipients;
  // The same address twice gets one copy; who is answered for each recipient still hears of it twice (RFC 2033 §4.2).
  const auto [known, is_new] = transaction_->known.try_emplace(asked.forward_path.text(), recipients.size());
  transaction_->accepted.push_back(known->second);
  if (is_new)
    recipients.push_back({std::move(asked.forward_path), std::move(asked.parameters.original_recipient), asked.parameters.notify});
  reply({250, {2, 1, 5}, "Recipient ok"});
}

// RFC 1985 §5.3
void ServerConversation::etrn(std::string_view argument) {
  if (!config_->etrn) return refuse({502, {5, 5, 1}, "ETRN is not available here"});
  if (helo_.empty()) return refuse({503, {5, 5, 1}, "Say EHLO first"});
  if (transaction_) return refuse({503, {5, 5, 1}, "A transaction is open: finish it or say RSET"});
  auto command = parse_etrn(argument);
  if (!command) return refuse(std::move(command).error());
  if (!may_etrn()) return refuse({459, {4, 7, 1}, "ETRN is not for you: log in first"});
  awaiting_ = Awaiting::Flush;
  enqueue(server::Flush{*std::move(command)});
}

void ServerConversation::flush_answered(Reply given) {
  check(awaiting_ == Awaiting::Flush, "a flush was asked for");
  awaiting_ = Awaiting::Nothing;
  refuse(std::move(given));
}

void ServerConversation::rset(std::string_view argument) {
  if (!argument.empty()) return refuse({501, {5, 5, 4}, "Syntax: RSET"});
  end_transaction();
  reply({250, {2, 0, 0}, "Ok"});
}

}  // namespace hikyaku::smtp
