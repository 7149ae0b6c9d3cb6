// fetch = "FETCH" SP sequence-set SP fetch-atts [fetch-modifiers]       RFC 9051 §6.4.5, §7.5.2
//
// Records come in batches, bodies in pieces: whatever is fetched, a session holds one batch of records and one piece.
#include "protocol/imap/fetch_items.h"

#include "protocol/imap/body_print.h"
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/commands/fetch_body.h"
#include "protocol/imap/mailbox_id.h"

namespace hikyaku::imap::commands {
namespace {

constexpr std::uint32_t messages_a_request = 200;

std::uint8_t needs_of(const std::vector<FetchItem>& items) {
  std::uint8_t needs = NeedFlags;
  for (const auto& item : items) {
    switch (item.kind) {
      case FetchKind::Envelope:
      case FetchKind::Body:
      case FetchKind::BodyStructure:
      case FetchKind::Binary:
      case FetchKind::BinarySize: needs |= NeedStructure; break;
      case FetchKind::Section:
        if (!item.path.empty() || item.part == SectionPart::Text) {
          needs |= NeedStructure;
        } else if (item.part != SectionPart::Whole) {
          needs |= NeedHeader;
        }
        break;
      default: break;
    }
  }
  return needs;
}

// The one item that is printed from the record alone.
void print_record_item(Conversation& talk, const FetchItem& item, const MessageRecord& record) {
  auto& out = talk.out;
  out += item.label;
  out += ' ';
  switch (item.kind) {
    case FetchKind::Flags:
      out += '(';
      print_flags(out, record.flags, talk.recency(record.uid));
      out += ')';
      break;
    case FetchKind::Uid: print_number(out, record.uid); break;
    case FetchKind::InternalDate: print_date_time(out, record.internal_date, talk.zone(record.internal_date)); break;
    case FetchKind::Size: print_number(out, record.size_octets); break;
    case FetchKind::ModSeq: out += '(', print_number(out, record.modseq), out += ')'; break;
    case FetchKind::EmailId:
      if (record.email_id.empty()) {
        out += "NIL";
      } else {
        out += '(' + record.email_id + ')';
      }
      break;
    case FetchKind::SaveDate:
      if (record.save_date) {
        print_date_time(out, *record.save_date, talk.zone(*record.save_date));
      } else {
        out += "NIL";
      }
      break;
    default: out += "NIL"; break;  // THREADID: we keep no threads (RFC 8474 §5.2)
  }
}

enum class Printed : std::uint8_t { Whole, Unreadable, Undecodable };

// One message. Unless it is whole nothing of it is printed, or the connection is broken off.
Task<Printed> print_message(Conversation& talk, const std::vector<FetchItem>& items, const MessageRecord& record,
                           bool flags_changed) {
  if (!record.trouble.empty()) co_return Printed::Unreadable;
  talk.note_keywords(record.flags);
  const auto start = talk.out.size();
  const auto sends_before = talk.sends;
  std::optional<mime::Structure> structure;
  if (!record.structure.empty()) structure = mime::Structure::decode(record.structure);
  if (!structure && (needs_of(items) & NeedStructure)) co_return Printed::Unreadable;
  if (std::ranges::any_of(items, [&](const FetchItem& item) { return structure && is_undecodable(item, *structure); }))
    co_return Printed::Undecodable;
  talk.out += "* ";
  print_number(talk.out, talk.selected->uids.number_of(record.uid));
  talk.out += " FETCH (";
  bool whole = true, has_flags = false, has_modseq = false;
  std::size_t printed = 0;
  for (const auto& item : items) {
    if (printed++ > 0) talk.out += ' ';
    has_flags |= item.kind == FetchKind::Flags;
    has_modseq |= item.kind == FetchKind::ModSeq;
    switch (item.kind) {
      case FetchKind::Envelope:
        talk.out += "ENVELOPE ";
        print_envelope(talk.out, structure->envelope());
        break;
      case FetchKind::Body:
      case FetchKind::BodyStructure:
        talk.out += item.label + ' ';
        print_body(talk.out, *structure, {item.kind == FetchKind::Body ? Extensions::Without : Extensions::With,
                                          talk.rev2 ? MessageGlobal::Message : MessageGlobal::Data});
        break;
      case FetchKind::Section:
      case FetchKind::Binary:
      case FetchKind::BinarySize: {
        auto body = print_body_item(talk, item, record, structure ? &*structure : nullptr);
        whole = co_await std::move(body);
        break;
      }
      default: print_record_item(talk, item, record); break;
    }
    if (!whole) {
      if (talk.sends == sends_before) {
        talk.out.resize(start);
      } else {
        talk.break_off("A message could not be read to its end");
      }
      co_return Printed::Unreadable;
    }
  }
  if (flags_changed && !has_flags) {  // RFC 9051 §6.4.5: \Seen that a FETCH sets is told in it
    talk.out += " FLAGS (";
    print_flags(talk.out, record.flags, talk.recency(record.uid));
    talk.out += ')';
  }
  if (flags_changed && !has_modseq && talk.condstore) {  // RFC 7162 §3.1
    talk.out += " MODSEQ (";
    print_number(talk.out, record.modseq);
    talk.out += ')';
  }
  talk.out += ")\r\n";
  co_return Printed::Whole;
}

// BODY[...] without PEEK marks the messages as seen (RFC 9051 §6.4.5).
Task<void> mark_seen(Conversation& talk, std::vector<MessageRecord>& records, NumberSet& changed) {
  NumberSet unseen;
  for (const auto& record : records) {
    if (!record.flags.has(Seen) && record.trouble.empty()) unseen.add(record.uid);
  }
  if (unseen.empty()) co_return;
  MessageFlags seen{Seen, {}};
  StoreFlags request{talk.selected->key, std::move(unseen), StoreMode::Add, std::move(seen), std::nullopt};
  auto stored = co_await talk.ask(std::move(request));
  if (!stored) co_return;  // reading goes on all the same
  auto record = records.begin();
  for (auto& change : stored->changed) {
    while (record != records.end() && record->uid < change.uid) ++record;
    if (record == records.end()) break;
    if (record->uid != change.uid) continue;
    record->flags = change.flags;
    record->modseq = change.modseq;
    talk.told[change.uid] = change.modseq;
    changed.add(change.uid);
  }
}

Task<void> tell_vanished(Conversation& talk, const FetchCommand& command) {
  const auto top = talk.selected->uid_next > 1 ? talk.selected->uid_next - 1 : 1;
  FindVanished question{talk.selected->key, command.changed_since.value_or(0), NumberSet::resolve(command.set, top)};
  auto vanished = co_await talk.ask(std::move(question));
  if (!vanished || vanished->uids.empty()) co_return;
  talk.out += "* VANISHED (EARLIER) ";
  print_number_set(talk.out, vanished->uids);
  talk.out += "\r\n";
}

void add_item(std::vector<FetchItem>& items, FetchKind kind, std::string_view label) {
  if (std::ranges::any_of(items, [kind](const FetchItem& item) { return item.kind == kind; })) return;
  items.insert(items.begin(), FetchItem{.kind = kind, .label = std::string(label)});
}

// What RFCs add to what was asked for.
void complete_items(Conversation& talk, FetchCommand& command) {
  const bool asks_modseq = std::ranges::any_of(command.items, [](const FetchItem& i) { return i.kind == FetchKind::ModSeq; });
  if (asks_modseq || command.changed_since) talk.enable_condstore();
  if (command.changed_since) add_item(command.items, FetchKind::ModSeq, "MODSEQ");           // RFC 7162 §3.1.4.1
  if (talk.numbered_by == NumberedBy::Uid) add_item(command.items, FetchKind::Uid, "UID");   // RFC 9051 §6.4.9
}

}  // namespace

Task<Reply> fetch(Conversation& talk, Cursor arguments) {
  PARSE_OR_REFUSE(command, parse_fetch(arguments));
  if (command.vanished && (!talk.qresync || talk.numbered_by != NumberedBy::Uid)) {
    co_return bad("VANISHED needs UID FETCH and ENABLE QRESYNC");
  }
  auto resolved = talk.resolve(command.set, talk.numbered_by);
  if (!resolved) co_return resolved.error();
  complete_items(talk, command);
  const auto needs = needs_of(command.items);
  const bool sets_seen = talk.selected->access == Access::ReadWrite &&
                         std::ranges::any_of(command.items, [](const FetchItem& item) { return item.sets_seen; });
  if (command.vanished) {
    auto vanished = tell_vanished(talk, command);
    co_await std::move(vanished);
  }
  NumberSet left = *std::move(resolved);
  bool all = true, decoded = true;
  while (!left.empty()) {
    NumberSet batch = left.take_first(messages_a_request);
    while (!batch.empty()) {
      FetchRecords request{talk.selected->key, batch, needs, command.changed_since.value_or(0)};
      auto answer = co_await talk.ask(std::move(request));
      if (!answer) co_return no(answer.error());
      check(answer->answered_up_to >= batch.smallest(), "the store answers for one message at least");
      NumberSet seen_now;
      if (sets_seen) {
        auto marking = mark_seen(talk, answer->records, seen_now);
        co_await std::move(marking);
      }
      for (const auto& record : answer->records) {
        auto printing = print_message(talk, command.items, record, seen_now.contains(record.uid));
        const Printed printed = co_await std::move(printing);
        all &= printed != Printed::Unreadable;
        decoded &= printed != Printed::Undecodable;
        co_await talk.room();
      }
      batch.drop_up_to(answer->answered_up_to);
    }
  }
  if (!all) co_return no("SERVERBUG", "Some messages could not be read");
  if (!decoded) co_return no("UNKNOWN-CTE", "The transfer encoding of a part is not known here");
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
