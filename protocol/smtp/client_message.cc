// One message: MAIL, RCPT, DATA or BDAT, pipelined where the peer allows it (RFC 2920), and what became of each recipient.
#include <algorithm>

#include "base/check.h"
#include "protocol/smtp/client_conversation.h"
#include "protocol/smtp/content.h"
#include "protocol/smtp/parameters.h"

namespace hikyaku::smtp {
namespace {

OutcomeClass class_of_refusal(const Reply& reply) {
  return reply.is_permanent() ? OutcomeClass::Refused : reply.is_transient() ? OutcomeClass::Transient : OutcomeClass::NoAnswer;
}

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

bool needs_smtputf8(const OutgoingMessage& message) {
  if (message.smtputf8 || !is_ascii(message.reverse_path.text())) return true;
  return std::ranges::any_of(message.recipients, [](const Recipient& one) { return !is_ascii(one.address.text()); });
}

std::string notify_value(const Notify& notify) {
  if (notify.never) return "NEVER";
  std::string out;
  const auto add = [&out](bool wanted, std::string_view word) {
    if (wanted) out.append(out.empty() ? "" : ",").append(word);
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return out;
}

}  // namespace

void ClientConversation::deliver(OutgoingMessage message) {
  check(state_ == State::Ready, "the session is idle");
  check(!message.recipients.empty(), "a message has recipients");
  message_ = std::move(message);
  outcomes_.assign(message_.recipients.size(), std::nullopt);
  mail_refused_.reset();
  next_recipient_ = 0;
  asks_each_ = !lmtp() && peer_.prdr && message_.recipients.size() > 1 && !message_.only_asks;
  each_.clear();
  taken_.clear();
  if (auto reason = reason_not_to_send()) {
    stage_ = Stage::Mail;
    fail_open_recipients({class_of_refusal(*reason), Stage::Mail, *reason, false});
    state_ = State::Outcome;
    return;
  }
  send_envelope();
}

// What the peer's offers tell beforehand. A text is carried as it is or not at all: recoding it would break every signature.
std::optional<Reply> ClientConversation::reason_not_to_send() const {
  if (peer_.size_limit != 0 && message_.size > peer_.size_limit)
    return Reply{552, {5, 3, 4}, "The message is larger than the peer takes (" + std::to_string(peer_.size_limit) + " octets)"};
  if (needs_smtputf8(message_) && !peer_.smtputf8) return Reply{550, {5, 6, 7}, "The message needs SMTPUTF8, which the peer does not offer"};
  // RFC 8689 §4.2.1; §5: an error mail goes all the same.
  if (message_.require_tls && !message_.reverse_path.is_null()) {
    if (!encrypted_) return Reply{550, {5, 7, 10}, "The message demands TLS (REQUIRETLS), which the session has not"};
    if (!peer_.require_tls) return Reply{550, {5, 7, 30}, "The message demands TLS on its whole way (REQUIRETLS), which the peer does not offer"};
  }
  // RFC 3030 §3, RFC 6152 §3.
  if (message_.body_type == BodyType::BinaryMime && !(peer_.binary_mime && peer_.chunking && settings_.chunking == Chunking::WhenOffered))
    return Reply{554, {5, 6, 3}, "The message is binary (BINARYMIME), which the peer does not take"};
  if (auto reason = reason_of_time()) return reason;
  // An error mail goes all the same: nobody could be told that it did not, and such peers pass 8 bits in practice.
  if (message_.body_type == BodyType::EightBitMime && !peer_.eight_bit_mime && !message_.reverse_path.is_null())
    return Reply{554, {5, 6, 3}, "The message has 8-bit text (8BITMIME), which the peer does not take"};
  return std::nullopt;
}

// RFC 2852 §4.1.4.1. Over LMTP it arrives with this.
std::optional<Reply> ClientConversation::reason_of_time() const {
  const auto& by = message_.by;
  if (!by || by->mode != ByMode::Return) return std::nullopt;
  if (by->seconds <= 0) return Reply{550, {5, 4, 7}, "The time in which the message was to be delivered is over"};
  if (lmtp()) return std::nullopt;
  if (!peer_.deliver_by) return Reply{550, {5, 3, 3}, "The message is to be delivered in time or returned (DELIVERBY), which the peer does not offer"};
  if (peer_.shortest_by > by->seconds)
    return Reply{550, {5, 4, 7}, "The message is to be delivered within " + std::to_string(by->seconds) + " seconds, and the peer needs " +
                                     std::to_string(peer_.shortest_by)};
  return std::nullopt;
}

std::string ClientConversation::mail_command() const {
  std::string line = "MAIL FROM:<" + message_.reverse_path.text() + '>';
  if (peer_.size) line += " SIZE=" + std::to_string(message_.size);
  if (message_.body_type == BodyType::BinaryMime) line += " BODY=BINARYMIME";
  else if (peer_.eight_bit_mime && message_.body_type == BodyType::EightBitMime) line += " BODY=8BITMIME";
  if (peer_.smtputf8 && needs_smtputf8(message_)) line += " SMTPUTF8";
  if (message_.require_tls && encrypted_ && peer_.require_tls) line += " REQUIRETLS";
  if (asks_each_) line += " PRDR";
  if (peer_.mt_priority && message_.priority != 0) line += " MT-PRIORITY=" + std::to_string(message_.priority);
  if (peer_.deliver_by && message_.by) line += " BY=" + by_value(*message_.by);
  if (peer_.dsn) {
    if (message_.return_content == ReturnContent::Full) line += " RET=FULL";
    if (message_.return_content == ReturnContent::Headers) line += " RET=HDRS";
    if (!message_.envelope_id.empty()) line += " ENVID=" + xtext_encode(message_.envelope_id);
  }
  return line;
}

// RFC 2852 §4.1.4.2: a peer that does not know of the time tells at least of a delay.
Notify ClientConversation::asked_of(Notify notify) const {
  if (!message_.by || message_.by->mode != ByMode::Notify || message_.by->seconds <= 0 || peer_.deliver_by || notify.never) return notify;
  if (notify == Notify{}) notify.failure = true;
  notify.delay = true;
  return notify;
}

std::string ClientConversation::rcpt_command(const Recipient& recipient) const {
  std::string line = "RCPT TO:<" + recipient.address.text() + '>';
  if (!peer_.dsn) return line;
  if (const auto notify = notify_value(asked_of(recipient.notify)); !notify.empty()) line += " NOTIFY=" + notify;
  const auto& original = recipient.original_recipient;
  if (const auto semicolon = original.find(';'); semicolon != std::string::npos)
    line += " ORCPT=" + original.substr(0, semicolon + 1) + xtext_encode(std::string_view(original).substr(semicolon + 1));
  return line;
}

// The whole group at once under PIPELINING, DATA as its last command (RFC 2920 §3.1): a round trip less for each message. Else its first command.
void ClientConversation::send_envelope() {
  state_ = State::Envelope;
  expected_.clear();
  if (std::exchange(needs_reset_, false)) expected_.push_back(Expect::Rset);
  expected_.push_back(Expect::Mail);
  expected_.insert(expected_.end(), message_.recipients.size(), Expect::Rcpt);
  if (!peer_.pipelining) return send_next_envelope_command();
  if (expected_.front() == Expect::Rset) say("RSET", Stage::Mail);
  say(mail_command(), Stage::Mail);
  for (const auto& recipient : message_.recipients) say(rcpt_command(recipient), Stage::Mail);
  if (message_.only_asks || goes_by_chunks()) return;
  data_said_ = true;
  say("DATA", Stage::Mail);
}

void ClientConversation::send_next_envelope_command() {
  switch (expected_.front()) {
    case Expect::Rset: return say("RSET", Stage::Mail);
    case Expect::Mail: return say(mail_command(), Stage::Mail);
    case Expect::Rcpt: return say(rcpt_command(message_.recipients[next_recipient_]), Stage::Rcpt);
  }
}

void ClientConversation::take_envelope_reply(Reply reply) {
  const auto expected = expected_.front();
  expected_.pop_front();
  switch (expected) {
    case Expect::Rset:
      if (!reply.is_positive()) return fail_session(OutcomeClass::Transient, std::move(reply), true);
      break;
    case Expect::Mail:
      stage_ = Stage::Mail;
      if (!reply.is_positive()) mail_refused_ = RecipientOutcome{class_of_refusal(reply), Stage::Mail, std::move(reply), true};
      break;
    case Expect::Rcpt: {
      stage_ = Stage::Rcpt;
      auto& outcome = outcomes_[next_recipient_++];
      if (mail_refused_) {
        outcome = mail_refused_;  // the answers to RCPT after a refused MAIL say only that
      } else if (!reply.is_positive()) {
        // 552 for a recipient too many is an old way to say 452 (RFC 5321 §4.5.3.1.10).
        const bool too_many = reply.code == 552 && !(reply.enhanced.subject == 2 || reply.enhanced.subject == 3);
        outcome = RecipientOutcome{too_many ? OutcomeClass::Transient : class_of_refusal(reply), Stage::Rcpt, std::move(reply), true};
      }
      break;
    }
  }
  if (mail_refused_ && !peer_.pipelining) expected_.clear();
  if (expected_.empty()) return envelope_answered();
  if (!peer_.pipelining) send_next_envelope_command();
}

void ClientConversation::envelope_answered() {
  if (mail_refused_) fail_open_recipients(*mail_refused_);
  if (message_.only_asks) fail_open_recipients({OutcomeClass::Accepted, Stage::Rcpt, {250, {2, 1, 5}, "The recipient would be taken"}, false});
  if (!data_said_ && !has_open_recipients()) {
    needs_reset_ = !mail_refused_;
    return finish_message();
  }
  begin_content();
}

bool ClientConversation::has_open_recipients() const {
  return std::ranges::any_of(outcomes_, [](const auto& outcome) { return !outcome.has_value(); });
}

void ClientConversation::begin_content() {
  content_left_ = message_.size;
  stuff_before_ = '\n';
  by_data_ = !goes_by_chunks();
  if (!by_data_) {
    say("BDAT " + std::to_string(message_.size) + " LAST", Stage::Content);
    state_ = message_.size == 0 ? State::ContentEnd : State::Content;
    return;
  }
  state_ = State::DataSent;
  if (!std::exchange(data_said_, false)) say("DATA", Stage::Data);
  stage_ = Stage::Data;
}

void ClientConversation::take_data_reply(Reply reply) {
  if (reply.code != 354) {
    const auto klass = reply.is_positive() || reply.is_intermediate() ? OutcomeClass::NoAnswer : class_of_refusal(reply);
    if (klass == OutcomeClass::NoAnswer) return fail_session(klass, std::move(reply), true);
    fail_open_recipients({klass, Stage::Data, std::move(reply), true});
    needs_reset_ = !mail_refused_;
    return finish_message();
  }
  if (!has_open_recipients()) return send_empty_text();
  stage_ = Stage::Content;
  state_ = State::Content;
  if (content_left_ == 0) content({});
}

// The peer would take a text for nobody (RFC 2920 §3.1). Over LMTP nothing says how many replies would come (RFC 2033 §4.2).
void ClientConversation::send_empty_text() {
  if (lmtp()) return fail_session(OutcomeClass::NoAnswer, {451, {4, 5, 0}, "The peer wants a text for nobody"}, false);
  out_ += ".\r\n";
  state_ = State::ContentEnd;
}

void ClientConversation::content(std::string_view octets) {
  if (state_ == State::Closed || state_ == State::Outcome) return;  // the peer gave up meanwhile
  check(state_ == State::Content && octets.size() <= content_left_, "content is brought when asked for, and as much as was said");
  content_left_ -= octets.size();
  if (by_data_) {
    append_dot_stuffed(out_, octets, stuff_before_);
  } else {
    out_.append(octets);
  }
  if (content_left_ > 0) return;
  // A text that does not end its last line gets the line end that DATA needs (RFC 5321 §4.1.1.4).
  if (by_data_) out_ += stuff_before_ == '\n' ? ".\r\n" : "\r\n.\r\n";
  state_ = State::ContentEnd;
}

// draft-hall-prdr-00 §4.5: after 353 one reply for each recipient that RCPT accepted, in order, and one for the mail. Without 353 that one is all there is.
void ClientConversation::begin_each() {
  asks_each_ = false;
  for (std::size_t i = 0; i < outcomes_.size(); ++i)
    if (!outcomes_[i]) each_.push_back(i);
}

// A refusal stays one; who is taken is so by the last reply: a line cut before it, or a mail that is refused after all, leaves nobody without his copy.
void ClientConversation::take_each(RecipientOutcome outcome) {
  const auto which = each_.front();
  each_.pop_front();
  if (outcome.klass == OutcomeClass::Accepted) taken_.emplace_back(which, std::move(outcome));
  else outcomes_[which] = std::move(outcome);
}

// SMTP: one reply for all. LMTP: one for each recipient that RCPT accepted, in order (RFC 2033 §4.2).
void ClientConversation::take_final_reply(Reply reply) {
  if (asks_each_ && reply.code == 353) return begin_each();
  const bool good = reply.is_positive();
  if (!good && !reply.is_permanent() && !reply.is_transient()) return fail_session(OutcomeClass::NoAnswer, std::move(reply), true);
  const RecipientOutcome outcome{good ? OutcomeClass::Accepted : class_of_refusal(reply), Stage::Content, std::move(reply), true};
  if (!each_.empty()) return take_each(outcome);
  if (!lmtp()) {
    if (good)
      for (auto& [which, of_his_own] : taken_) outcomes_[which] = std::move(of_his_own);
    fail_open_recipients(outcome);
    // After a refused BDAT the transaction may still be open at the peer.
    needs_reset_ = !good && !by_data_;
    return finish_message();
  }
  bool more = false, given = false;
  for (auto& open : outcomes_) {
    if (open) continue;
    more |= given;
    if (!std::exchange(given, true)) open = outcome;
  }
  if (!more) finish_message();
}

void ClientConversation::fail_open_recipients(const RecipientOutcome& outcome) {
  for (auto& open : outcomes_)
    if (!open) open = outcome;
}

void ClientConversation::finish_message() {
  message_ = {};
  state_ = State::Outcome;
}

}  // namespace hikyaku::smtp
