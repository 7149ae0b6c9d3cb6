// What happened in the open mailbox since the client was told last (RFC 9051 §5.2, §7.4, §7.5; RFC 7162 §3.2.10).
#include "protocol/imap/conversation.h"

namespace hikyaku::imap {
namespace {

void tell_recent(Conversation& talk) {
  if (talk.rev2) return;  // RFC 9051 Appendix E: no RECENT
  talk.out += "* ";
  print_number(talk.out, talk.selected->uids.present(talk.selected->recent).count());
  talk.out += " RECENT\r\n";
}

void tell_expunged(Conversation& talk) {
  auto& selected = *talk.selected;
  const auto recent_before = selected.uids.present(selected.recent).count();
  const NumberSet gone = selected.uids.present(std::exchange(selected.expunged, {}));
  const auto numbers = selected.uids.remove(gone);
  if (numbers.empty()) return;
  if (talk.qresync) {  // RFC 7162 §3.2.10: VANISHED instead of EXPUNGE
    talk.out += "* VANISHED ";
    print_number_set(talk.out, gone);
    talk.out += "\r\n";
    return;
  }
  for (const auto number : numbers) {
    talk.out += "* ";
    print_number(talk.out, number);
    talk.out += " EXPUNGE\r\n";
  }
  if (selected.uids.present(selected.recent).count() != recent_before) tell_recent(talk);
}

void tell_arrived(Conversation& talk, const Changes& changes) {
  auto& selected = *talk.selected;
  if (changes.arrived.empty()) return;
  for (const auto& range : changes.arrived) {
    selected.uids.append(range);
    if (changes.recent_from_uid != 0 && range.last >= changes.recent_from_uid) {
      selected.recent.add_range(std::max(range.first, changes.recent_from_uid), range.last);
    }
  }
  selected.arrivals_told_aside = talk.command != "NOOP" && talk.command != "IDLE";
  talk.tell_size();
}

}  // namespace

void Conversation::tell_size() {
  out += "* ";
  print_number(out, selected->uids.size());
  out += " EXISTS\r\n";
  tell_recent(*this);
}

Task<void> Conversation::tell_changes(Expunges expunges) {
  for (bool more = true; more;) {
    Refresh request{selected->key, selected->modseq, selected->uid_next, selected->access};
    auto answer = co_await ask(std::move(request));
    if (!answer) {
      // Any other trouble: we tell what happened next time.
      mailbox_gone = answer.error().kind == TroubleKind::Gone;
      co_return;
    }
    const auto known_before = selected->uid_next;
    for (const auto& range : answer->expunged.ranges()) selected->expunged.add_range(range.first, range.last);
    if (expunges == Expunges::Tell) tell_expunged(*this);
    tell_arrived(*this, *answer);
    for (const auto& change : answer->changed) {
      const auto already = told.find(change.uid);
      if (change.uid >= known_before) note_keywords(change.flags);  // RFC 9051 §7.3.1: told before the client asks
      if (change.uid >= known_before || (already != told.end() && already->second == change.modseq)) continue;
      print_flags_update(change);
      co_await room();
    }
    selected->modseq = answer->highest_modseq;
    selected->uid_next = answer->uid_next;
    more = answer->more;
  }
  told.clear();
}

}  // namespace hikyaku::imap
