#include "protocol/imap/commands/append.h"

#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap {
namespace {

struct MessageHead {
  MessageFlags flags;
  std::optional<WallTime> internal_date;
  bool utf8 = false;  // RFC 6855 §4: the literal is in "UTF8 (" and ")"
};

// [flag-list SP] [date-time SP], then the literal's header and nothing more
// append-data-ext = "UTF8" SP "(" literal8 ")"       RFC 6855 §4
Parsed<MessageHead> parse_message_head(Cursor& in) {
  MessageHead head;
  if (in.peek() == '(') {
    TRY(flags, parse_flag_list(in));
    head.flags = std::move(flags);
    TRY_VOID(parse_space(in));
  }
  if (in.peek() == '"') {
    TRY(date, parse_date_time(in));
    head.internal_date = date;
    TRY_VOID(parse_space(in));
  }
  head.utf8 = in.take_ignoring_case("UTF8 (");
  if (head.utf8 && in.peek() != '~') return in.expected("a literal of octets, ~{...}");
  if (in.peek() != '{' && in.peek() != '~') return in.expected("a literal");
  if (in.rest().find('\n') != in.rest().size() - 1) return in.expected("one literal");
  return head;
}

Parsed<std::string> parse_append_mailbox(Cursor& in, const Conversation& talk) {
  TRY_VOID(parse_space(in));
  if (!in.take_ignoring_case("APPEND")) return in.expected("APPEND");
  TRY_VOID(parse_space(in));
  TRY(mailbox, talk.parse_mailbox(in));
  TRY_VOID(parse_space(in));
  return mailbox;
}

// The rest of a command whose literal was refused is skipped; a client that waits with it never sends it.
Task<void> skip_refused(Conversation& talk) {
  const bool waits = talk.framer().literal().synchronizing;
  talk.framer().refuse_literal();
  while (!waits && !talk.leaving() && talk.framer().next() != Framed::Refused) co_await talk.input();
}

// Hands the literal to the store. Nothing: all went well.
Task<std::optional<Reply>> stream_message(Conversation& talk) {
  std::optional<Reply> failed;
  if (talk.framer().literal().synchronizing) talk.out += "+ Go on\r\n";
  talk.framer().stream_literal();
  for (;;) {
    const auto found = talk.framer().next();
    if (found == Framed::Streamed) co_return failed;
    if (found == Framed::NeedMore) {
      if (talk.leaving()) co_return no("UNAVAILABLE", "The server is stopping");
      co_await talk.input();
      continue;
    }
    check(found == Framed::Streaming, "a streamed literal is followed by nothing else");
    AppendData data{std::string(talk.framer().streamed())};
    if (failed) continue;  // the client sends it in any case
    if (data.octets.contains('\0')) {
      failed = no("CANNOT", "A message cannot hold NUL");
      continue;
    }
    auto done = co_await talk.ask(std::move(data));
    if (!done) failed = no(done.error(), TroubleAt::Target);
  }
}

// What follows a message: another one, or the end of the line.
Task<Framed> after_message(Conversation& talk) {
  for (;;) {
    const auto found = talk.framer().next();
    if (found != Framed::NeedMore) co_return found;
    if (talk.leaving()) co_return Framed::NeedMore;
    co_await talk.input();
  }
}

// What follows the last message: `closing`, and spaces as at the end of any command.
bool ends_with(std::string_view text, std::string_view closing) {
  Cursor in(text);
  return in.take(closing) && parse_end(in);
}

Task<Reply> give_up(Conversation& talk, Reply reply) {
  AppendAbort request;
  auto done = co_await talk.ask(std::move(request));
  (void)done;
  co_return reply;
}

std::optional<Reply> refusal(const Conversation& talk, const Literal& literal) {
  if (literal.octets > talk.settings.append_limit_octets) return no("TOOBIG", "The message is larger than APPENDLIMIT");
  if (literal.octets == 0) return no("CANNOT", "An empty message cannot be kept");  // RFC 3502 §3: it cancels
  return std::nullopt;
}

// "APPENDUID" SP nz-number SP append-uid       RFC 9051 §7.1
Reply done_with(const Appended& appended) {
  if (appended.uids.empty()) return ok("Done");
  std::string code = "APPENDUID ";
  print_number(code, appended.uid_validity);
  code += ' ';
  print_number_set(code, appended.uids);
  return ok(std::move(code), "Done");
}

}  // namespace

Parsed<bool> announces_message(const Conversation& talk, Cursor after_tag) {
  const auto start = after_tag.position();
  if (!after_tag.take(' ') || !after_tag.take_ignoring_case("APPEND ")) return false;
  while (after_tag.take(' ')) {}
  const bool is_name = after_tag.peek() == '{' && after_tag.rest().find('\n') == after_tag.rest().size() - 1;
  if (is_name) return false;
  after_tag.rewind_to(start);
  TRY_VOID(parse_append_mailbox(after_tag, talk));
  TRY_VOID(parse_message_head(after_tag));
  return true;
}

Task<Reply> refuse_append(Conversation& talk, SyntaxError error) {
  auto skipped = skip_refused(talk);
  co_await std::move(skipped);
  co_return refusal(error);
}

Task<Reply> append_messages(Conversation& talk, std::string text, std::size_t at_octet) {
  Cursor in(text);
  in.rewind_to(at_octet);
  const auto mailbox = parse_append_mailbox(in, talk);
  check(mailbox.has_value(), "announces_message() has parsed it");
  for (;;) {
    auto head = parse_message_head(in);
    if (!head) {
      auto skipped = skip_refused(talk);
      co_await std::move(skipped);
      auto end = give_up(talk, bad(head.error()));
      co_return co_await std::move(end);
    }
    const Literal literal = talk.framer().literal();
    auto refused = refusal(talk, literal);
    if (!refused) {
      AppendStart start{*mailbox, literal.octets, std::move(head->flags), head->internal_date};
      auto started = co_await talk.ask(std::move(start));
      if (!started) refused = no(started.error(), TroubleAt::Target);
    }
    if (refused) {
      auto skipped = skip_refused(talk);
      co_await std::move(skipped);
      auto end = give_up(talk, *std::move(refused));
      co_return co_await std::move(end);
    }
    auto streaming = stream_message(talk);
    auto failed = co_await std::move(streaming);
    auto following = after_message(talk);
    const Framed next = co_await std::move(following);
    const std::string_view closing = head->utf8 ? ")" : "";
    if (!failed && next == Framed::Announced && talk.framer().text().starts_with(std::string(closing) + ' ')) {
      text = talk.framer().text();
      in = Cursor(text);
      in.take(closing);
      in.take(' ');
      continue;
    }
    if (next == Framed::Announced) {
      auto skipped = skip_refused(talk);
      co_await std::move(skipped);
    }
    if (!failed && (next != Framed::Command || !ends_with(talk.framer().text(), closing))) failed = bad("Expected the end of the command");
    if (next == Framed::Command) (void)talk.framer().take_command();
    if (failed) {
      auto end = give_up(talk, *std::move(failed));
      co_return co_await std::move(end);
    }
    AppendCommit commit;
    auto appended = co_await talk.ask(std::move(commit));
    if (!appended) co_return no(appended.error(), TroubleAt::Target);
    co_return done_with(*appended);
  }
}

namespace commands {

// An APPEND that came as a whole has no message literal.
Task<Reply> append(Conversation&, Cursor) { co_return bad("Expected a mailbox and a message as a literal"); }

}  // namespace commands
}  // namespace hikyaku::imap
