#include "protocol/imap/conversation.h"

#include "protocol/imap/commands/append.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap {
namespace {

// A client that cannot say a right command twenty times in a row is none.
constexpr std::uint16_t errors_limit = 20;

}  // namespace

Reply ok(std::string_view text) { return {Reply::Status::Ok, {}, std::string(text)}; }
Reply ok(std::string code, std::string_view text) { return {Reply::Status::Ok, std::move(code), std::string(text)}; }
Reply no(std::string_view code, std::string_view text) { return {Reply::Status::No, std::string(code), std::string(text)}; }
Reply bad(std::string_view text) { return {Reply::Status::Bad, {}, std::string(text)}; }
Reply bad(const SyntaxError& error) {
  std::string text = "Expected ";
  text += error.expected;
  text += " at octet ";
  print_number(text, error.at_octet);
  return {Reply::Status::Bad, {}, std::move(text)};
}

Reply refusal(const SyntaxError& error) {
  return error.expected == a_mailbox_name ? no("CANNOT", "That is no mailbox name") : bad(error);
}

Reply no(const Trouble& trouble, TroubleAt at) {
  using enum TroubleKind;
  switch (trouble.kind) {
    case NoSuchMailbox:
      return at == TroubleAt::Target ? no("TRYCREATE", "There is no such mailbox") : no("NONEXISTENT", "There is no such mailbox");
    case AlreadyExists: return no("ALREADYEXISTS", "There is such a mailbox already");
    case NotAllowed: return no("CANNOT", "That cannot be done");
    case HasChildren: return no("HASCHILDREN", "There are mailboxes below it");
    case OverQuota: return no("OVERQUOTA", "The quota does not allow it");
    case TooLarge: return no("LIMIT", "That passes a limit of this server");
    case UseTaken: return no("USEATTR", "That special use cannot be given");
    case ReadOnly: return no("READ-ONLY", "The mailbox is open for reading only");
    case Gone: return no("NONEXISTENT", "The mailbox was deleted");
    case NoSuchMessage: return no("EXPUNGEISSUED", "Some of the messages are gone");
    case InUse: return no("INUSE", "Somebody else is changing it; try again");
    case Unavailable: return no("UNAVAILABLE", "The store does not answer; nothing was changed, try again later");
    case OutcomeUnknown: return no("SERVERBUG", "The store did not answer in time; look before trying again");
  }
  return no("SERVERBUG", "Internal error");
}

Conversation::Conversation(const SessionSettings& session_settings, LoginDone login)
    : settings(session_settings), framer_(session_settings.framing) {
  if (login.tag.empty()) {
    out = "* PREAUTH [CAPABILITY " + session_capabilities(settings) + "] Hikyaku is ready\r\n";
  } else {
    out = login.tag + " OK [CAPABILITY " + session_capabilities(settings) + "] Logged in\r\n";
  }
  framer_.receive(login.received);
}

Parsed<std::string> Conversation::parse_mailbox(Cursor& in) const {
  const auto start = in.position();
  TRY(text, parse_astring(in));
  auto name = mailbox_from_wire(text, name_form(), settings.separator);
  if (!name || name->empty()) return failure(SyntaxError{start, a_mailbox_name});
  return *std::move(name);
}

void Conversation::print_mailbox(std::string_view name) {
  print_astring(out, mailbox_to_wire(name, name_form()), rev2 || utf8 ? Quoted8Bit::Utf8 : Quoted8Bit::Never);
}

Result<NumberSet, Reply> Conversation::resolve(const SequenceSet& set, NumberedBy by) const {
  if (set.saved_result) return selected->uids.present(selected->saved);
  if (by == NumberedBy::Uid) {
    return selected->uids.present(NumberSet::resolve(set, selected->uids.largest_uid()));
  }
  const auto size = selected->uids.size();
  for (const auto& range : set.ranges) {
    const bool all = range.first <= 1 && range.last == 0;  // "1:*" and "*" of an empty mailbox are asked in good faith
    if (!(size == 0 && all) && (range.first > size || range.last > size)) {
      return failure(bad("There is no message with that sequence number"));
    }
  }
  return selected->uids.uids_of(NumberSet::resolve(set, size));
}

void Conversation::untagged(std::string_view line) {
  out += "* ";
  out += line;
  out += "\r\n";
}

void Conversation::print_flag_lines() {
  const MessageFlags known{Seen | Answered | Flagged | Deleted | Draft, selected->keywords};
  std::string line = "FLAGS (";
  print_flags(line, known, Recency::Old);
  untagged(line + ")");
  line = "OK [PERMANENTFLAGS (";
  if (selected->access == Access::ReadWrite) {
    print_flags(line, known, Recency::Old);
    line += " \\*";
  }
  untagged(line + ")] Flags that stay");
}

Recency Conversation::recency(std::uint32_t uid) const {
  return !rev2 && selected->recent.contains(uid) ? Recency::Recent : Recency::Old;
}

void Conversation::print_highest_modseq() {
  out += "* OK [HIGHESTMODSEQ ";
  print_number(out, std::max<std::uint64_t>(selected->modseq, 1));  // RFC 7162 §3.1.2.1: at least 1
  out += "] The highest MODSEQ\r\n";
}

void Conversation::enable_condstore() {
  if (std::exchange(condstore, true) || !selected) return;
  print_highest_modseq();
}

void Conversation::note_keywords(const MessageFlags& flags) {
  MessageFlags known{0, std::move(selected->keywords)};
  const auto before = known.keywords.size();
  for (const auto& keyword : flags.keywords) {
    if (!known.has_keyword(keyword)) known.keywords.push_back(keyword);
  }
  selected->keywords = std::move(known.keywords);
  if (selected->keywords.size() != before) print_flag_lines();
}

void Conversation::print_flags_update(const ChangedFlags& change) {
  const auto number = selected->uids.number_of(change.uid);
  if (number == 0) return;
  note_keywords(change.flags);
  out += "* ";
  print_number(out, number);
  out += " FETCH (";
  if (numbered_by == NumberedBy::Uid || rev2 || qresync) out += "UID ", print_number(out, change.uid), out += ' ';
  if (condstore) out += "MODSEQ (", print_number(out, change.modseq), out += ") ";
  out += "FLAGS (";
  print_flags(out, change.flags, recency(change.uid));
  out += "))\r\n";
}

void Conversation::break_off(std::string_view text) {
  out += "* BYE ";
  print_text(out, text);
  out += "\r\n";
  closing_ = true;
}

void Conversation::receive(std::string_view octets) {
  framer_.receive(octets);
  received_ = true;
}

void Conversation::answer(StoreAnswer answer) {
  check(asked_ && !answered_, "an answer follows its question");
  answer_ = std::move(answer);
  answered_ = true;
}

void Conversation::say_goodbye(std::string_view text) {
  if (farewell_.empty()) farewell_ = text.empty() ? "Goodbye" : text;
}

Step Conversation::need_input(NeedInput::WakeOn wake_on) {
  received_ = false;
  if (framer_.has_rest()) return NeedInput{wake_on};
  framer_.release_memory();
  if (out.empty()) std::string().swap(out);
  return NeedInput{wake_on};
}

Step Conversation::next() {
  for (;;) {
    if (closing_) {
      if (out.empty()) return Close{};
      return Send{std::exchange(out, {})};
    }
    if (auto step = running_ ? next_of_command() : next_of_framer()) return *std::move(step);
  }
}

// A command is under way: what does it wait for?
std::optional<Step> Conversation::next_of_command() {
  switch (want_) {
    case Want::Nothing: break;
    case Want::Store:
      if (!asked_) {
        asked_ = true;
        return Ask{std::move(request_)};
      }
      check(answered_, "a question is answered before the next step");
      asked_ = answered_ = false;
      break;
    case Want::Room:
      if (!out.empty()) {
        ++sends;
        return Send{std::exchange(out, {})};
      }
      break;
    case Want::Input:
    case Want::Change:
      if (received_ || leaving() || (want_ == Want::Change && changed_)) break;
      if (!out.empty()) return Send{std::exchange(out, {})};
      return need_input(want_ == Want::Change ? NeedInput::WakeOn::InputOrChange : NeedInput::WakeOn::Input);
  }
  want_ = Want::Nothing;
  if (const auto script = std::exchange(waiting_, {})) {
    received_ = false;
    script.resume();
  }
  if (script_.done() && !closing_) finish_command();
  return std::nullopt;
}

// Between commands.
std::optional<Step> Conversation::next_of_framer() {
  if (out.size() >= full_output_octets) return Send{std::exchange(out, {})};
  if (leaving()) {
    break_off(farewell_);
    return std::nullopt;
  }
  switch (framer_.next()) {
    case Framed::NeedMore:
      if (!out.empty()) return Send{std::exchange(out, {})};
      return need_input(NeedInput::WakeOn::Input);
    case Framed::Command: begin_command(framer_.take_command()); break;
    case Framed::Announced: begin_append(); break;
    case Framed::Refused: refuse(framer_.text(), "TOOBIG", "That literal is larger than this server takes"); break;
    case Framed::TooLong: refuse(framer_.text(), {}, "That command is longer than this server takes"); break;
    case Framed::Streaming:
    case Framed::Streamed: check(false, "octets are streamed within a command only");
  }
  return std::nullopt;
}

void Conversation::start(Task<Reply> script) {
  script_ = std::move(script);
  running_ = true;
  received_ = false;
  script_.start();
  if (script_.done() && !closing_) finish_command();
}

namespace {

Task<Reply> say(Reply reply) { co_return reply; }

// Runs a command and, unless it ends with BAD, tells what happened in the mailbox meanwhile.
Task<Reply> with_changes(Conversation& talk, const CommandEntry& entry, Cursor arguments) {
  auto script = entry.run(talk, arguments);
  auto reply = co_await std::move(script);
  if (reply.status == Reply::Status::Bad || !talk.selected || talk.logout) co_return reply;
  auto changes = talk.tell_changes(entry.expunges);
  co_await std::move(changes);
  co_return reply;
}

Task<Reply> append_with_changes(Conversation& talk, std::string text, std::size_t at_octet) {
  auto script = append_messages(talk, std::move(text), at_octet);
  auto reply = co_await std::move(script);
  if (reply.status != Reply::Status::Ok || !talk.selected) co_return reply;
  auto changes = talk.tell_changes(Expunges::Tell);
  co_await std::move(changes);
  co_return reply;
}

}  // namespace

void Conversation::begin_command(std::string text) {
  text_ = std::move(text);
  Cursor in(text_);
  auto tag = parse_tag(in);
  command.clear();
  numbered_by = NumberedBy::Sequence;
  const bool tagged = tag && (in.at_end() || in.peek() == ' ');
  tag_ = tagged ? *std::move(tag) : "*";
  if (!tagged || !in.take(' ')) return start(say(bad("Expected a tag, a space and a command")));
  auto word = in.take_while(is_atom_char);
  command = ascii_upper(word);
  if (command == "UID" && in.take(' ')) {
    numbered_by = NumberedBy::Uid;
    command += ' ';
    command += ascii_upper(in.take_while(is_atom_char));
  }
  const auto* entry = find_command(command);
  if (entry == nullptr) return start(say(bad("There is no such command, or not now")));
  if (entry->state == SelectedOnly && !selected) return start(say(bad("Select a mailbox first")));
  start(with_changes(*this, *entry, in));
}

// A literal was announced. APPEND's messages are streamed; other literals are gathered into their command.
void Conversation::begin_append() {
  Cursor in(framer_.text());
  const auto tag = parse_tag(in);
  const auto message = tag ? announces_message(*this, in) : Parsed<bool>(false);
  if (!message || *message) {
    tag_ = *tag;
    command = "APPEND";
    numbered_by = NumberedBy::Sequence;
    if (!message) return start(refuse_append(*this, message.error()));
    return start(append_with_changes(*this, framer_.text(), in.position()));
  }
  if (framer_.literal_fits()) {
    if (framer_.literal().synchronizing) out += "+ Go on\r\n";
    return framer_.gather_literal();
  }
  const bool waits = framer_.literal().synchronizing;
  framer_.refuse_literal();
  if (waits) refuse(framer_.text(), "TOOBIG", "That literal is larger than this server takes");
}

void Conversation::refuse(std::string_view text_so_far, std::string_view code, std::string_view why) {
  Cursor in(text_so_far);
  auto tag = parse_tag(in);
  tag_ = tag && in.peek() == ' ' ? *std::move(tag) : "*";
  command.clear();
  Reply reply = bad(why);
  reply.code = code;
  finish(reply);
}

void Conversation::finish_command() {
  const Reply reply = script_.take();  // throws what the script threw
  running_ = false;
  if (mailbox_gone && command == "DELETE") leave_deleted_mailbox();
  finish(reply);
  if (mailbox_gone) leave_gone_mailbox();
  forget_command_memory();
  if (logout) closing_ = true;
}

// RFC 2180 §3.3. Who deletes the open mailbox knows of it; for others nothing they say would make sense.
void Conversation::leave_deleted_mailbox() {
  mailbox_gone = false;
  untagged("OK [CLOSED] The open mailbox was deleted");
  selected.reset();
}

void Conversation::leave_gone_mailbox() {
  mailbox_gone = false;
  if (selected && !closing_) break_off("The open mailbox was deleted");
}

void Conversation::finish(const Reply& reply) {
  constexpr std::string_view words[] = {" OK ", " NO ", " BAD "};
  out += tag_;
  const auto start = out.size();
  out += words[static_cast<std::size_t>(reply.status)];
  if (!reply.code.empty()) out += '[', out += reply.code, out += "] ";
  print_text(out, reply.text);
  // A name that is no command's may be anything, a password too.
  if (overheard) overheard(find_command(command) ? command : std::string_view(), std::string_view(out).substr(start + 1));
  out += "\r\n";
  if (reply.status != Reply::Status::Bad) {
    errors_ = 0;
  } else if (++errors_ >= errors_limit) {
    break_off("Too many errors");
  }
}

void Conversation::forget_command_memory() {
  script_ = {};
  request_ = {};
  answer_ = {};
  told.clear();
  std::string().swap(text_);
}

}  // namespace hikyaku::imap
