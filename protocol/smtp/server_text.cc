// The text of a message: DATA (RFC 5321 §4.1.1.4), BDAT (RFC 3030), and the answer at its end.
#include <algorithm>

#include "base/check.h"
#include "protocol/smtp/server_conversation.h"

namespace hikyaku::smtp {

std::optional<Reply> ServerConversation::reason_against_text() const {
  if (!transaction_) return Reply{503, {5, 5, 1}, "Say MAIL first"};
  if (transaction_->accepted.empty())
    return config_->role == Role::Lmtp ? Reply{503, {5, 5, 1}, "No valid recipients"} : Reply{554, {5, 5, 1}, "No valid recipients"};
  return std::nullopt;
}

void ServerConversation::begin_text(ContentFraming framing) {
  transaction_->content_begun = true;
  transaction_->reader = ContentReader(framing, config_->limits.content);
  enqueue(server::BeginMessage{});
}

void ServerConversation::data(std::string_view argument) {
  if (auto reason = reason_against_text()) return refuse(*std::move(reason));
  if (transaction_->content_begun) return refuse({503, {5, 5, 1}, "The message has begun with BDAT"});
  // RFC 3030 §3
  if (transaction_->envelope.body_type == BodyType::BinaryMime) return refuse({503, {5, 5, 1}, "A BINARYMIME message comes by BDAT"});
  if (!argument.empty()) return refuse({501, {5, 5, 4}, "Syntax: DATA"});
  begin_text(ContentFraming::Dots);
  reply({354, {}, "Send the message, end it with CR LF . CR LF"});
  phase_ = Phase::Data;
}

// A chunk that cannot be taken is read all the same, else its octets would be commands.
void ServerConversation::bdat(std::string_view argument) {
  const auto command = parse_bdat(argument);
  if (!command) return say_goodbye({501, {5, 5, 4}, "Syntax: BDAT octets [LAST]; closing, for what follows is unknown"});
  chunk_refusal_ = reason_against_text();
  if (!chunk_refusal_ && !transaction_->content_begun) begin_text(transaction_->envelope.body_type == BodyType::BinaryMime ? ContentFraming::Binary : ContentFraming::Counted);
  chunk_left_ = chunk_octets_ = command->octets;
  chunk_last_ = command->last;
  phase_ = Phase::Chunk;
}

// Nothing more of this text is kept; the reply comes at its end.
void ServerConversation::refuse_text(Reply given) {
  if (transaction_->refusal) return;
  transaction_->refusal = std::move(given);
  enqueue(server::AbortMessage{});
}

void ServerConversation::note_flaw() {
  switch (transaction_->reader.flaw()) {
    case ContentFlaw::None: return;
    case ContentFlaw::BareLf: return refuse_text({554, {5, 6, 0}, "The message has a bare LF: lines end with CR LF"});
    case ContentFlaw::BareCr: return refuse_text({554, {5, 6, 0}, "The message has a bare CR: lines end with CR LF"});
    case ContentFlaw::LineTooLong: return refuse_text({554, {5, 6, 0}, "The message has a line that is too long"});
    case ContentFlaw::Nul: return refuse_text({554, {5, 6, 0}, "The message has a NUL octet"});
  }
}

std::optional<ServerStep> ServerConversation::take_text(std::string_view run) {
  Transaction& transaction = *transaction_;
  if (transaction.reader.octets() > config_->limits.message_octets)
    refuse_text({552, {5, 3, 4}, "The message is larger than this server takes"});
  transaction.hops.feed(run);
  if (transaction.hops.hops() > config_->limits.received_fields) refuse_text({554, {5, 4, 6}, "Too many Received fields: the mail goes round in circles"});
  note_flaw();
  if (transaction.refusal || run.empty()) return std::nullopt;
  return server::AppendContent{run};
}

std::optional<ServerStep> ServerConversation::read_data() {
  if (input_.empty()) return need_input();
  auto& reader = transaction_->reader;
  auto step = take_text(reader.next(input_));
  // A client that ends lines otherwise may see the end of data where we do not, and the words after it would be taken
  // for commands or for text by the wrong side: nothing more is read from it (521: RFC 7504 §2).
  if (reader.stopped()) {
    const std::string what = reader.flaw() == ContentFlaw::BareLf ? "LF" : "CR";
    say_goodbye({521, {5, 5, 2}, config_->our_name + " The message has a bare " + what + ": lines end with CR LF; closing"});
  } else if (reader.ended()) {
    end_of_text();
  }
  return step;
}

std::optional<ServerStep> ServerConversation::read_chunk() {
  if (chunk_left_ > 0 && input_.empty()) return need_input();
  auto piece = input_.substr(0, chunk_left_);
  const auto before = piece.size();
  std::optional<ServerStep> step;
  if (chunk_refusal_ || transaction_->refusal) {
    piece = {};
  } else {
    step = take_text(transaction_->reader.next(piece));
  }
  input_.remove_prefix(before - piece.size());
  chunk_left_ -= before - piece.size();
  if (chunk_left_ > 0) return step;

  phase_ = Phase::Command;
  if (chunk_refusal_) return refuse(*std::exchange(chunk_refusal_, {})), step;
  if (chunk_last_) return end_of_text(), step;
  // RFC 3030 §4.2: after a refused chunk the rest of the message is refused too, here for want of a transaction.
  if (transaction_->refusal) {
    const Reply given = *transaction_->refusal;
    return transaction_.reset(), refuse(given), step;
  }
  reply({250, {2, 0, 0}, std::to_string(chunk_octets_) + " octets received"});
  return step;
}

void ServerConversation::end_of_text() {
  transaction_->reader.finish();
  note_flaw();
  phase_ = Phase::Command;
  if (transaction_->refusal) return message_refused(Reply(*transaction_->refusal));
  awaiting_ = Awaiting::Commit;
  // RFC 8689 §4.1: the field counts only without the option.
  auto& envelope = transaction_->envelope;
  if (envelope.tls_wish == TlsWish::None && transaction_->hops.tls_waived()) envelope.tls_wish = TlsWish::Waive;
  enqueue(server::CommitMessage{envelope});
}

void ServerConversation::message_committed(const TraceId& id) {
  recipients_settled(id, std::vector<Verdict>(envelope().recipients.size()));
}

void ServerConversation::recipients_settled(const TraceId& id, const std::vector<Verdict>& verdicts) {
  check(awaiting_ == Awaiting::Commit, "a message was to be committed");
  check(verdicts.size() == envelope().recipients.size(), "one verdict for each recipient");
  const Reply taken{250, {2, 0, 0}, "Ok: queued as " + id.text()};
  std::vector<Reply> replies;
  for (const auto index : transaction_->accepted) replies.push_back(verdicts[index] ? *verdicts[index] : taken);
  answer_text(replies);
}

void ServerConversation::message_refused(const Reply& given) { answer_text(std::vector<Reply>(transaction_->accepted.size(), given)); }

// What all of a text's answers say together: it went to somebody, or else what lets the client try again where it may. A client of PRDR takes this one for
// those before it where it is worse.
void ServerConversation::answer_text(const std::vector<Reply>& of_each_rcpt) {
  awaiting_ = Awaiting::Nothing;
  const auto transaction = std::move(transaction_);
  const auto found = [&of_each_rcpt](bool (Reply::*is)() const) { return std::ranges::find_if(of_each_rcpt, is); };
  const auto taken = found(&Reply::is_positive), put_off = found(&Reply::is_transient);
  const bool is_taken = taken != of_each_rcpt.end();
  if (is_taken) ++messages_, idle_commands_ = 0;
  Reply last = of_each_rcpt.back();
  const bool differ = std::ranges::any_of(of_each_rcpt, [&last](const Reply& one) { return one != last; });
  if (config_->role == Role::Lmtp) {
    for (std::size_t i = 0; i + 1 < of_each_rcpt.size(); ++i) reply(of_each_rcpt[i]);
  } else if (differ) {
    check(transaction->answer_each, "one reply tells all recipients' verdicts");
    reply({353, {}, "Content analysis started, a reply for each recipient follows"});
    for (const auto& one : of_each_rcpt) reply(one);
    if (is_taken) last = *taken;
    else if (put_off != of_each_rcpt.end()) last = *put_off;
  }
  if (is_taken) reply(last);
  else refuse(std::move(last));
}

void ServerConversation::end_transaction() {
  if (transaction_ && transaction_->content_begun && !transaction_->refusal) enqueue(server::AbortMessage{});
  transaction_.reset();
}

}  // namespace hikyaku::smtp
