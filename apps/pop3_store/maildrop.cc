#include "apps/pop3_store/maildrop.h"

#include <algorithm>

namespace hikyaku::apps {

pop3::Answer Maildrop::answer(const pop3::Request& request, Deadline deadline) {
  if (const auto* wanted = std::get_if<pop3::ReadUidls>(&request)) return uidls(*wanted, deadline);
  if (const auto* wanted = std::get_if<pop3::ReadBody>(&request)) return body(*wanted, deadline);
  if (const auto* wanted = std::get_if<pop3::Delete>(&request)) return remove(*wanted, deadline);
  return open(deadline);
}

pop3::Answer Maildrop::open(Deadline deadline) {
  const auto inbox = store_.find(account_, "INBOX", deadline);
  if (!inbox) return trouble(inbox.error());
  inbox_ = inbox->id;
  const auto snapshot = store_.open(account_, inbox_, mailboxes::Mailboxes::RecentMessages::Leave, deadline);
  if (!snapshot) return trouble(snapshot.error());
  pop3::Drop drop;
  drop.octets.reserve(snapshot->entries.size());
  uids_.reserve(snapshot->entries.size());
  for (const auto& entry : snapshot->entries) drop.octets.push_back(entry.octets), uids_.push_back(entry.uid);
  return drop;
}

// A message that another session removed keeps its UIDL as long as it can be read: nothing in the snapshot changes
// before the session ends (RFC 1939 §3).
pop3::Answer Maildrop::uidls(const pop3::ReadUidls& wanted, Deadline deadline) {
  pop3::Uidls out;
  out.uidls.resize(wanted.count);
  std::uint32_t next = wanted.first;
  const std::uint32_t end = wanted.first + wanted.count;
  while (next < end) {
    const auto records = store_.messages(account_, inbox_, uids_[next], uids_[end - 1], end - next, deadline);
    if (!records) return trouble(records.error());
    if (records->empty()) break;
    for (const auto& record : *records) {
      while (next < end && uids_[next] < record.uid) ++next;
      if (next < end && uids_[next] == record.uid) out.uidls[next++ - wanted.first] = record.uidl;
    }
  }
  for (std::uint32_t i = 0; i < wanted.count; ++i) {
    if (!out.uidls[i].empty()) continue;
    auto gone = store_.message(account_, inbox_, uids_[wanted.first + i], deadline);
    if (gone) out.uidls[i] = std::move(gone->uidl);
  }
  return out;
}

pop3::Answer Maildrop::body(const pop3::ReadBody& wanted, Deadline deadline) {
  const auto uid = uids_[wanted.message];
  if (record_.uid != uid) {
    auto record = store_.message(account_, inbox_, uid, deadline);
    if (!record) return trouble(record.error());
    record_ = std::move(*record);
  }
  auto octets = store_.read_body(account_, record_, wanted.offset, wanted.octets, deadline);
  if (!octets) return trouble(octets.error());
  return pop3::Body{std::move(*octets)};
}

// Those that are gone already are fine: the client wanted them away.
pop3::Answer Maildrop::remove(const pop3::Delete& wanted, Deadline deadline) {
  std::vector<mailboxes::Uid> uids;
  uids.reserve(wanted.messages.size());
  for (const auto message : wanted.messages) uids.push_back(uids_[message]);
  const auto removed = store_.expunge(account_, inbox_, uids, mailboxes::Mailboxes::ExpungeOf::All, deadline);
  if (!removed) return trouble(removed.error());
  return pop3::Deleted{};
}

pop3::Trouble Maildrop::trouble(const mailboxes::MailboxError& error) {
  problem_ = error.what;
  return error.kind == mailboxes::MailboxFailure::NoSuchMessage ? pop3::Trouble::Gone : pop3::Trouble::Temporary;
}

}  // namespace hikyaku::apps
