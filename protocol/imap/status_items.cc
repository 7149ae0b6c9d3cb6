#include "protocol/imap/status_items.h"

#include "protocol/imap/mailbox_id.h"
#include "protocol/imap/print.h"

namespace hikyaku::imap {
namespace {

constexpr std::pair<std::string_view, StatusItem> names[] = {
    {"MESSAGES", StatusMessages}, {"RECENT", StatusRecent}, {"UIDNEXT", StatusUidNext}, {"UIDVALIDITY", StatusUidValidity},
    {"UNSEEN", StatusUnseen},     {"DELETED", StatusDeleted}, {"SIZE", StatusSize},     {"HIGHESTMODSEQ", StatusHighestModSeq},
    {"MAILBOXID", StatusMailboxId}, {"APPENDLIMIT", StatusAppendLimit}};

Parsed<StatusItem> parse_status_item(Cursor& in) {
  const auto start = in.position();
  TRY(atom, parse_atom(in));
  for (const auto& [name, item] : names) {
    if (equal_ignoring_case(atom, name)) return item;
  }
  in.rewind_to(start);
  return in.expected("a status item");
}

std::uint64_t value_of(const MailboxStatus& status, StatusItem item, std::uint64_t append_limit) {
  switch (item) {
    case StatusMessages: return status.messages;
    case StatusRecent: return status.recent;
    case StatusUidNext: return status.uid_next;
    case StatusUidValidity: return status.uid_validity;
    case StatusUnseen: return status.unseen;
    case StatusDeleted: return status.deleted;
    case StatusSize: return status.size_octets;
    case StatusHighestModSeq: return status.highest_modseq;
    case StatusAppendLimit: return append_limit;
    case StatusMailboxId: break;
  }
  return 0;
}

}  // namespace

Parsed<std::uint16_t> parse_status_items(Cursor& in) {
  if (!in.take('(')) return in.expected("\"(\"");
  std::uint16_t items = 0;
  for (;;) {
    TRY(item, parse_status_item(in));
    items |= item;
    if (in.take(')')) return items;
    TRY_VOID(parse_space(in));
  }
}

void print_status_items(std::string& out, const MailboxStatus& status, std::uint16_t items, std::uint64_t append_limit) {
  char before = '(';
  for (const auto& [name, item] : names) {
    if (!(items & item)) continue;
    out += before;
    before = ' ';
    out += name;
    out += ' ';
    if (item == StatusMailboxId) {
      out += '(' + mailbox_id(status.key) + ')';
    } else {
      print_number(out, value_of(status, item, append_limit));
    }
  }
  out += ')';
}

}  // namespace hikyaku::imap
