#include "services/filters/milter.h"

#include <algorithm>

#include "io/listener.h"
#include "protocol/mime/header.h"

namespace hikyaku::filters {
namespace {

constexpr std::size_t most_in_one_write = 64 << 10;

std::uint32_t actions_of(const settings::FilterRow& row) {
  std::uint32_t actions = milter::Quarantines;
  if (row.may_headers) actions |= milter::AddHeaders | milter::ChangeHeaders;
  if (row.may_body) actions |= milter::ChangeBody;
  if (row.may_recipients) actions |= milter::AddRecipients | milter::AddRecipientsWithParameters | milter::DeleteRecipients;
  if (row.may_sender) actions |= milter::ChangeSender;
  return actions;
}

// As it stands behind the colon: without its last line end, folds as "\n".
std::string told_value(const mime::HeaderField& field) {
  std::string out;
  for (const char octet : field.value)
    if (octet != '\r') out += octet;
  return out;
}

std::vector<HeaderEdit> edits_of(const std::vector<milter::HeaderChange>& changes) {
  std::vector<HeaderEdit> edits;
  for (const auto& change : changes) {
    if (const auto* added = std::get_if<milter::AddHeader>(&change)) edits.push_back({HeaderEdit::Kind::Append, 0, added->name, added->value});
    else if (const auto* inserted = std::get_if<milter::InsertHeader>(&change)) edits.push_back({HeaderEdit::Kind::Insert, inserted->place, inserted->name, inserted->value});
    else if (const auto* changed = std::get_if<milter::ChangeHeader>(&change)) edits.push_back({HeaderEdit::Kind::Change, changed->which, changed->name, changed->value});
  }
  return edits;
}

}  // namespace

MilterTalk::MilterTalk(io::Loop& loop, settings::FilterRow row, Asked& asked, AskTerms terms, std::uint64_t most_body_octets)
    : loop_(loop), row_(std::move(row)), asked_(asked), terms_(terms), client_(actions_of(row_), most_body_octets), left_(row_.total), waits_left_(row_.total) {}

// One call, from its turn on: the time it takes is the milter's.
class MilterTalk::Call {
 public:
  explicit Call(MilterTalk& talk) : talk_(talk), began_(talk.loop_.now()) { talk_.end_ = talk_.loop_.after(talk_.left_); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { talk_.left_ -= std::min<Duration>(talk_.left_, talk_.loop_.now() - began_); }

 private:
  MilterTalk& talk_;
  const Turn turn_{talk_.asked_.turns};
  const Instant began_;
};

Task<bool> MilterTalk::enter() {
  const auto began = loop_.now();
  auto entering = asked_.turns.enter(terms_.at_once, loop_.after(waits_left_));
  const bool entered = co_await std::move(entering);
  waits_left_ -= std::min<Duration>(waits_left_, loop_.now() - began);
  if (!entered) (void)trouble("all messages that may be with it at once were ([filters] parallel)", Blame::Message);
  co_return entered;
}

// One that answered, and gave no trouble until the message was over or its sender left.
void MilterTalk::note_success() {
  const bool well = !settled_ || settled_->kind != Heard::Kind::Trouble;
  if (std::exchange(answered_, false) && well) asked_.breaker.succeeded();
}

// It does not answer, or babbles: it is not asked again about this message, and after some such messages rests.
Heard MilterTalk::trouble(std::string why, Blame blame) {
  if (blame == Blame::Milter) asked_.breaker.failed(loop_.now(), terms_.rest);
  connection_.reset();
  settled_ = Heard{Heard::Kind::Trouble, {}, std::move(why), {}};
  return *settled_;
}

Task<Result<void, std::string>> MilterTalk::flush() {
  const auto octets = client_.take_output();
  if (octets.empty()) co_return Result<void, std::string>{};
  auto writing = connection_->write(octets, end_of_answer());
  const auto written = co_await std::move(writing);
  if (!written) co_return failure(trouble_text(written.error()));
  co_return Result<void, std::string>{};
}

// A word that it goes on working gives it the time of one answer anew, never more than the whole.
Task<Result<void, std::string>> MilterTalk::hear(BodySink* new_body) {
  auto flushing = flush();
  auto flushed = co_await std::move(flushing);
  if (!flushed) co_return flushed;
  auto until = end_of_answer();
  while (client_.state() == milter::Client::State::Waiting) {
    auto reading = connection_->read(until);
    const auto got = co_await std::move(reading);
    if (!got) co_return failure(trouble_text(got.error()));
    const auto signs = client_.signs_of_life();
    client_.receive(*got);
    if (client_.signs_of_life() != signs) until = end_of_answer();
    auto piece = client_.take_body();
    if (piece.empty() || new_body == nullptr) continue;
    auto taking = new_body->take(std::move(piece));
    const bool taken = co_await std::move(taking);
    if (!taken) co_return failure(std::string("its new body could not be kept"));
  }
  if (client_.state() == milter::Client::State::Failed) co_return failure(client_.why());
  co_return Result<void, std::string>{};
}

Heard MilterTalk::conclude() {
  using Kind = milter::Answer::Kind;
  const auto& answer = client_.answer();
  switch (answer.kind) {
    case Kind::Continue:
    case Kind::Accept: return {};
    // Nothing that is answered 250 is thrown away unseen.
    case Kind::Discard: return {Heard::Kind::Quarantine, {}, "it wanted the message thrown away", {}};
    case Kind::Refuse: return {Heard::Kind::Refuse, answer.reply, answer.reply.line(), {}};
    case Kind::Defer: return {Heard::Kind::Defer, answer.reply, answer.reply.line(), {}};
  }
  return {};
}

Task<Heard> MilterTalk::heard(BodySink* new_body) {
  auto hearing = hear(new_body);
  const auto result = co_await std::move(hearing);
  if (!result) co_return trouble(result.error());
  answered_ = true;
  co_return conclude();
}

Task<Heard> MilterTalk::begin(MilterFacts given) {
  const MilterFacts facts = std::move(given);
  const Heard resting{Heard::Kind::Trouble, {}, "it did not answer before, and is not asked for a while", {}};
  if (asked_.breaker.rests(loop_.now())) co_return *(settled_ = resting);
  auto entering = enter();
  const bool entered = co_await std::move(entering);
  if (!entered) co_return *settled_;
  const Call call(*this);
  if (!asked_.breaker.may_ask(loop_.now(), row_.total)) co_return *(settled_ = resting);  // it failed meanwhile
  auto opening = open(facts);
  auto opened = co_await std::move(opening);
  co_return opened;
}

Task<Heard> MilterTalk::open(const MilterFacts& facts) {
  const auto address = socket_of(row_.socket);
  if (!address) co_return trouble("its socket has no such address");
  auto connecting = io::connect(loop_, *address, end_of_answer());
  auto connected = co_await std::move(connecting);
  if (!connected) co_return trouble(trouble_text(connected.error()));
  connection_ = std::move(*connected);
  for (int step = 0; step < 4; ++step) {
    if (step == 0) client_.negotiate();
    if (step == 1) client_.connect(facts.peer, facts.of_connection);
    if (step == 2) client_.hello(facts.helo, facts.of_hello);
    if (step == 3) client_.mail({facts.mail.begin(), facts.mail.end()}, facts.of_mail);
    auto hearing = heard();
    auto said = co_await std::move(hearing);
    if (said.kind == Heard::Kind::Trouble) co_return said;
    const bool last = client_.answer().kind != milter::Answer::Kind::Continue;
    if (!last) continue;
    settled_ = said;
    co_return said;
  }
  co_return Heard{};
}

Task<Heard> MilterTalk::recipient(std::string word, milter::Macros macros) {
  const std::string kept = std::move(word);
  if (settled_) co_return *settled_;
  auto entering = enter();
  const bool entered = co_await std::move(entering);
  if (!entered) co_return *settled_;
  const Call call(*this);
  client_.recipient({kept}, macros);
  auto hearing = heard();
  auto said = co_await std::move(hearing);
  if (said.kind != Heard::Kind::Trouble && (client_.answer().kind == milter::Answer::Kind::Accept || client_.answer().kind == milter::Answer::Kind::Discard)) settled_ = said;
  co_return said;
}

Task<Heard> MilterTalk::text(scanning::Text& source, milter::Macros macros, BodySink& new_body) {
  const milter::Macros kept = std::move(macros);
  if (settled_) co_return *settled_;
  auto entering = enter();
  const bool entered = co_await std::move(entering);
  if (!entered) co_return *settled_;
  const Call call(*this);
  auto sending = send_text(source, kept, new_body);
  auto said = co_await std::move(sending);
  if (said.kind == Heard::Kind::Trouble) co_return said;
  said.edits = edits_of(client_.changes().headers);
  if (const auto& reason = client_.changes().quarantine; reason && said.kind == Heard::Kind::Pass) {
    said.kind = Heard::Kind::Quarantine;
    said.why = "it wanted the message in quarantine: " + *reason;
  }
  co_return said;
}

Task<Heard> MilterTalk::send_text(scanning::Text& source, milter::Macros macros, BodySink& new_body) {
  client_.data(macros);
  auto hearing = heard();
  auto said = co_await std::move(hearing);
  if (said.kind != Heard::Kind::Pass || client_.answer().kind != milter::Answer::Kind::Continue) co_return said;
  std::string begun;
  std::size_t header_octets = 0;
  for (bool whole = false; !whole;) {
    auto reading = source.next();
    const auto piece = co_await std::move(reading);
    if (!piece) co_return trouble("the message cannot be read: " + piece.error(), Blame::Message);
    begun += *piece;
    header_octets = static_cast<std::size_t>(mime::header_octets(begun));
    whole = piece->empty() || header_octets < begun.size() || begun.ends_with("\r\n\r\n");
    if (!whole && begun.size() > most_header_octets) co_return trouble("the message's header is too long for it", Blame::Message);
  }
  auto sending = send_header(std::string_view(begun).substr(0, header_octets));
  const auto sent = co_await std::move(sending);
  if (!sent) co_return trouble(sent.error());
  if (*sent) co_return conclude();
  begun.erase(0, header_octets);
  auto rest = send_body(source, std::move(begun), std::move(macros), new_body);
  co_return co_await std::move(rest);
}

// True: it has said its last word already.
Task<Result<bool, std::string>> MilterTalk::send_header(std::string_view header) {
  mime::HeaderReader fields(header);
  while (client_.wants_header()) {
    const auto field = fields.next();
    if (!field) break;
    if (field->name.empty()) continue;
    const auto value = told_value(*field);
    client_.header(field->name, value);
    if (client_.state() == milter::Client::State::Ready) continue;  // it does not answer: all fields in one write
    auto hearing = hear();
    const auto result = co_await std::move(hearing);
    if (!result) co_return failure(result.error());
    if (client_.answer().kind != milter::Answer::Kind::Continue) co_return true;
  }
  client_.end_of_header({});
  auto hearing = hear();
  const auto result = co_await std::move(hearing);
  if (!result) co_return failure(result.error());
  co_return client_.answer().kind != milter::Answer::Kind::Continue;
}

Task<Heard> MilterTalk::send_body(scanning::Text& source, std::string begun, milter::Macros macros, BodySink& new_body) {
  std::string_view piece = begun;
  while (client_.wants_body()) {
    while (piece.empty()) {
      auto reading = source.next();
      const auto read = co_await std::move(reading);
      if (!read) co_return trouble("the message cannot be read: " + read.error(), Blame::Message);
      if (read->empty()) break;
      piece = *read;
    }
    if (piece.empty()) break;
    const auto part = piece.substr(0, std::min(milter::most_body_piece_octets, most_in_one_write - 1));
    client_.body(part);
    piece.remove_prefix(part.size());
    auto hearing = heard();
    auto said = co_await std::move(hearing);
    if (said.kind != Heard::Kind::Pass || client_.answer().kind != milter::Answer::Kind::Continue) co_return said;
  }
  client_.end_of_body(macros);
  auto hearing = heard(&new_body);
  co_return co_await std::move(hearing);
}

Task<void> MilterTalk::finish() {
  note_success();
  if (!connection_) co_return;
  client_.quit();
  const auto octets = client_.take_output();
  // Into an empty socket buffer; who does not take it sees the end of the connection.
  auto writing = connection_->write(octets, loop_.now());
  co_await std::move(writing);
  connection_.reset();
}

}  // namespace hikyaku::filters
