// select = "SELECT" SP mailbox [select-params], examine = "EXAMINE" SP mailbox [select-params]
// RFC 9051 §6.3.2, §6.3.3; select-params: RFC 7162 §3.1.8 (CONDSTORE) and §3.2.5 (QRESYNC)
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"
#include "protocol/imap/mailbox_id.h"

namespace hikyaku::imap::commands {
namespace {

struct Resync {
  std::uint32_t uid_validity = 0;
  std::uint64_t modseq = 0;
  std::optional<SequenceSet> known_uids;
};
struct SelectRequest {
  std::string name;
  bool condstore = false;
  std::optional<Resync> resync;
};

// "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP "(" known-sequence-set SP known-uid-set ")"] ")"
Parsed<Resync> parse_resync(Cursor& in) {
  Resync resync;
  if (!in.take(" (")) return in.expected("\"(\"");
  TRY(uid_validity, parse_nz_number(in));
  resync.uid_validity = uid_validity;
  TRY_VOID(parse_space(in));
  TRY(modseq, parse_number64(in));
  resync.modseq = modseq;
  while (in.take(' ')) {
    if (in.take('(')) {
      // What sequence numbers the client believes in: a hint that saves octets; we tell every vanished UID anyway.
      TRY_VOID(parse_sequence_set(in));
      TRY_VOID(parse_space(in));
      TRY_VOID(parse_sequence_set(in));
      if (!in.take(')')) return in.expected("\")\"");
    } else {
      TRY(known, parse_sequence_set(in));
      resync.known_uids = std::move(known);
    }
  }
  if (!in.take(')')) return in.expected("\")\"");
  return resync;
}

Parsed<SelectRequest> parse_select(Cursor& in, const Conversation& talk) {
  SelectRequest request;
  TRY_VOID(parse_space(in));
  TRY(name, talk.parse_mailbox(in));
  request.name = std::move(name);
  if (in.take(" (")) {
    do {
      TRY(parameter, parse_atom(in));
      if (equal_ignoring_case(parameter, "CONDSTORE")) {
        request.condstore = true;
      } else if (equal_ignoring_case(parameter, "QRESYNC")) {
        if (!talk.qresync) return in.expected("ENABLE QRESYNC first");
        TRY(resync, parse_resync(in));
        request.resync = std::move(resync);
      } else {
        return in.expected("CONDSTORE or QRESYNC");
      }
    } while (in.take(' '));
    if (!in.take(')')) return in.expected("\")\"");
  }
  TRY_VOID(parse_end(in));
  return request;
}

void print_code(Conversation& talk, std::string_view name, std::uint64_t value, std::string_view text) {
  talk.out += "* OK [";
  talk.out += name;
  talk.out += ' ';
  print_number(talk.out, value);
  talk.out += "] ";
  talk.out += text;
  talk.out += "\r\n";
}

void print_opened(Conversation& talk, std::string_view name, const Opened& opened) {
  const auto& selected = *talk.selected;
  talk.print_flag_lines();
  talk.out += "* ";
  print_number(talk.out, selected.uids.size());
  talk.out += " EXISTS\r\n";
  if (!talk.rev2) {  // RFC 9051 Appendix E drops both
    talk.out += "* ";
    print_number(talk.out, selected.uids.present(selected.recent).count());
    talk.out += " RECENT\r\n";
    const auto unseen = selected.uids.number_of(opened.first_unseen_uid);
    if (opened.first_unseen_uid != 0 && unseen != 0) print_code(talk, "UNSEEN", unseen, "First unseen message");
  }
  print_code(talk, "UIDVALIDITY", opened.uid_validity, "UIDs are valid");
  print_code(talk, "UIDNEXT", opened.uid_next, "The next UID");
  talk.print_highest_modseq();
  talk.untagged("OK [MAILBOXID (" + mailbox_id(opened.key) + ")] The mailbox's lasting name");
  if (talk.rev2) {
    talk.out += "* LIST () \"";
    talk.out += talk.settings.separator;
    talk.out += "\" ";
    talk.print_mailbox(name);
    talk.out += "\r\n";
  }
}

// RFC 7162 §3.2.5.1: what vanished and what changed since the client was here.
Task<void> tell_resync(Conversation& talk, Resync resync, std::uint32_t uid_next) {
  NumberSet among;
  if (resync.known_uids) {
    among = NumberSet::resolve(*resync.known_uids, uid_next > 1 ? uid_next - 1 : 1);
  } else if (uid_next > 1) {
    among.add_range(1, uid_next - 1);
  }
  FindVanished question{talk.selected->key, resync.modseq, among};
  auto vanished = co_await talk.ask(std::move(question));
  if (vanished && !vanished->uids.empty()) {
    talk.out += "* VANISHED (EARLIER) ";
    print_number_set(talk.out, vanished->uids);
    talk.out += "\r\n";
  }
  NumberSet left = talk.selected->uids.present(among);
  while (!left.empty()) {
    FetchRecords wanted{talk.selected->key, left, NeedFlags, resync.modseq};
    auto records = co_await talk.ask(std::move(wanted));
    if (!records || records->answered_up_to < left.smallest()) co_return;
    for (auto& record : records->records) {
      talk.print_flags_update({record.uid, record.modseq, std::move(record.flags)});
      co_await talk.room();
    }
    left.drop_up_to(records->answered_up_to);
  }
}

Task<Reply> open_mailbox(Conversation& talk, Cursor arguments, Access access) {
  PARSE_OR_REFUSE(request, parse_select(arguments, talk));
  // RFC 9051 §6.3.2: the open mailbox is closed first, whether the new one opens or not.
  if (talk.selected) {
    talk.untagged("OK [CLOSED] The previous mailbox is closed");
    talk.selected.reset();
  }
  if (request.condstore) talk.enable_condstore();
  OpenMailbox question{request.name, access};
  auto answer = co_await talk.ask(std::move(question));
  if (!answer) co_return no(answer.error());
  const Opened opened = *std::move(answer);
  talk.selected = std::make_unique<Selected>();
  auto& selected = *talk.selected;
  selected.key = opened.key;
  selected.access = opened.access;
  selected.uids = UidMap(opened.uids);
  selected.modseq = opened.highest_modseq;
  selected.uid_next = opened.uid_next;
  selected.keywords = opened.keywords;
  if (opened.recent_from_uid != 0 && opened.recent_from_uid <= selected.uids.largest_uid()) {
    selected.recent.add_range(opened.recent_from_uid, selected.uids.largest_uid());
  }
  print_opened(talk, request.name, opened);
  if (request.resync && request.resync->uid_validity == opened.uid_validity) {
    auto resync = tell_resync(talk, *request.resync, opened.uid_next);
    co_await std::move(resync);
  }
  co_return ok(opened.access == Access::ReadWrite ? "READ-WRITE" : "READ-ONLY", "Selected");
}

}  // namespace

Task<Reply> select(Conversation& talk, Cursor arguments) { return open_mailbox(talk, arguments, Access::ReadWrite); }
Task<Reply> examine(Conversation& talk, Cursor arguments) { return open_mailbox(talk, arguments, Access::ReadOnly); }

}  // namespace hikyaku::imap::commands
