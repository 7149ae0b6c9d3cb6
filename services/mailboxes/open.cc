// What a session sees of a mailbox: STATUS, SELECT, and afterwards only what changed.
#include <algorithm>
#include <map>

#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

using keys::Counter;

namespace {

struct Counters {
  std::uint64_t exists = 0, unseen = 0, deleted = 0, octets = 0, last_uid = 0, modseq = 0, recent = 0, floor = 0;
};

// All of them in one page, so they agree.
MailboxResult<Counters> read_counters(const Store& store, MailboxId mailbox) {
  Counters counters;
  TRY_VOID(store.scan_prefix(keys::counters(mailbox), [&](const storage::Row& row) {
    const auto value = keys::count_of(row.value);
    switch (static_cast<Counter>(row.key.back())) {
      case Counter::Deleted: counters.deleted = value; break;
      case Counter::Exists: counters.exists = value; break;
      case Counter::Floor: counters.floor = value; break;
      case Counter::ModSeq: counters.modseq = value; break;
      case Counter::Octets: counters.octets = value; break;
      case Counter::Recent: counters.recent = value; break;
      case Counter::Uid: counters.last_uid = value; break;
      case Counter::Unseen: counters.unseen = value; break;
      case Counter::Gone:
      case Counter::Reserve: break;
    }
    return true;
  }));
  return counters;
}

MailboxStatus to_status(const Counters& counters, UidValidity uid_validity) {
  return {.exists = static_cast<std::uint32_t>(counters.exists),
          .unseen = static_cast<std::uint32_t>(counters.unseen),
          .deleted = static_cast<std::uint32_t>(counters.deleted),
          .recent = 0,
          .uid_next = Uid{static_cast<std::uint32_t>(counters.last_uid + 1)},
          .uid_validity = uid_validity,
          // RFC 7162 §3.1.2.1: HIGHESTMODSEQ is at least 1, also of a mailbox nothing ever happened to.
          .highest_modseq = ModSeq{std::max<std::uint64_t>(counters.modseq, 1)},
          .octets = counters.octets};
}

MailboxResult<> not_selectable() {
  return fail(MailboxFailure::NotSelectable, "This name only holds other mailboxes; choose one below it, or create it.");
}

// Counts what is above the last uid told to a session: few, unless nobody looked for long.
MailboxResult<std::uint32_t> count_recent(const Store& store, MailboxId mailbox, const Counters& counters) {
  std::uint32_t recent = 0;
  if (counters.recent >= counters.last_uid) return recent;
  TRY_VOID(store.scan(keys::row('f', mailbox, Uid{static_cast<std::uint32_t>(counters.recent + 1)}),
                      keys::after(keys::rows('f', mailbox)), [&](const storage::Row&) { return ++recent, true; }));
  return recent;
}

}  // namespace

MailboxResult<MailboxStatus> Mailboxes::status(AccountId account, MailboxId mailbox, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(row, store.mailbox(mailbox));
  if (!row.second.selectable) TRY_VOID(not_selectable());
  TRY(counters, read_counters(store, mailbox));
  auto status = to_status(counters, row.second.uid_validity);
  TRY(recent, count_recent(store, mailbox, counters));
  status.recent = recent;
  return status;
}

MailboxResult<Uid> Mailboxes::claim_recent(AccountId account, MailboxId mailbox, Deadline deadline) {
  return core_->with_retries(deadline, [&]() -> MailboxResult<Uid> {
    const Store store(core_->engine, account, deadline);
    const auto key = keys::counter(mailbox, Counter::Recent);
    TRY(told, store.get(key));
    TRY(last_uid, store.count(keys::counter(mailbox, Counter::Uid)));
    const Uid first{static_cast<std::uint32_t>(keys::count_of(told) + 1)};
    if (keys::count_of(told) >= last_uid) return first;  // nothing new: no write
    Batch batch;
    batch.emplace_back(storage::ExpectValue{key, told});
    batch.emplace_back(storage::Put{key, keys::count_value(last_uid)});
    // \Recent is a courtesy of RFC 3501: losing it in a power cut only shows a message as recent twice.
    TRY_VOID(store.commit(std::move(batch), storage::Durability::Lazy));
    return first;
  });
}

namespace {

// Shares equal keyword sets: a mailbox of 100,000 messages has a few dozen.
class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(Snapshot& snapshot) : snapshot_(snapshot) {
    snapshot_.keyword_sets.assign(1, {});
    numbers_.emplace(std::vector<std::string>{}, 0);
  }
  SnapshotEntry entry(Uid uid, ModSeq modseq, std::uint32_t octets, const Flags& flags) {
    return {.uid = uid, .keywords = set_of(flags.keywords), .system_flags = flags.system, .octets = octets, .modseq = modseq};
  }

 private:
  std::uint16_t set_of(const std::vector<std::string>& keywords) {
    const auto found = numbers_.find(keywords);
    if (found != numbers_.end()) return found->second;
    if (snapshot_.keyword_sets.size() > 0xffff) return 0;  // more different sets than a session can hold: shown without
    const auto number = static_cast<std::uint16_t>(snapshot_.keyword_sets.size());
    snapshot_.keyword_sets.push_back(keywords);
    numbers_.emplace(keywords, number);
    return number;
  }
  Snapshot& snapshot_;
  std::map<std::vector<std::string>, std::uint16_t> numbers_;
};

// The scan is not one consistent read where it took several pages: what changed meanwhile is in the change log.
void apply_changes(Snapshot& snapshot, SnapshotBuilder& builder, const Changes& changes) {
  for (const auto& change : changes.messages) {
    auto at = std::ranges::lower_bound(snapshot.entries, change.uid, {}, &SnapshotEntry::uid);
    const bool known = at != snapshot.entries.end() && at->uid == change.uid;
    if (change.expunged) {
      if (known) snapshot.entries.erase(at);
      continue;
    }
    const auto entry = builder.entry(change.uid, change.modseq, change.octets, change.flags);
    if (known) *at = entry;
    else snapshot.entries.insert(at, entry);
  }
  snapshot.valid_at = changes.up_to;
}

}  // namespace

MailboxResult<Snapshot> Mailboxes::open(AccountId account, MailboxId mailbox, RecentMessages recent, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(row, store.mailbox(mailbox));
  if (!row.second.selectable) TRY_VOID(not_selectable());
  Snapshot snapshot;
  TRY(info, find(account, row.second.name, deadline));
  snapshot.mailbox = std::move(info);
  TRY(counters, read_counters(store, mailbox));
  snapshot.valid_at = ModSeq{counters.modseq};
  snapshot.entries.reserve(counters.exists);
  SnapshotBuilder builder(snapshot);
  bool unreadable = false;
  TRY_VOID(store.scan_prefix(keys::rows('f', mailbox), [&](const storage::Row& line) {
    const auto flags = FlagsRow::decode(line.value);
    unreadable |= !flags;
    if (flags) snapshot.entries.push_back(builder.entry(keys::uid_of(line.key), flags->modseq, flags->octets, flags->flags));
    return flags.has_value();
  }));
  if (unreadable)
    return fail(MailboxFailure::Broken, "A flags row of this mailbox cannot be read; the operator should run the store check.");
  for (bool more = true; more;) {
    TRY(changes, changes_since(account, mailbox, snapshot.valid_at, 10'000, deadline));
    if (changes.mailbox_gone || !changes.complete)
      return fail(MailboxFailure::Busy, "The mailbox changed too much while it was being opened; try again in a moment.");
    apply_changes(snapshot, builder, changes);
    more = changes.more;
  }
  snapshot.first_recent = Uid{static_cast<std::uint32_t>(counters.recent + 1)};
  if (recent == RecentMessages::Claim) {
    TRY(first, claim_recent(account, mailbox, deadline));
    snapshot.first_recent = first;
  }
  // The status of exactly these entries, whatever the counters say by now.
  auto& status = snapshot.status;
  status = to_status(counters, row.second.uid_validity);
  status.exists = static_cast<std::uint32_t>(snapshot.entries.size());
  status.unseen = status.deleted = 0;
  status.octets = 0;
  for (const auto& entry : snapshot.entries) {
    status.unseen += (entry.system_flags & Seen) == 0;
    status.deleted += (entry.system_flags & Deleted) != 0;
    status.recent += entry.uid >= snapshot.first_recent;
    status.octets += entry.octets;
  }
  status.highest_modseq = ModSeq{std::max<std::uint64_t>(snapshot.valid_at.value(), 1)};
  if (!snapshot.entries.empty())
    status.uid_next = std::max(status.uid_next, Uid{snapshot.entries.back().uid.value() + 1});
  return snapshot;
}

MailboxResult<Changes> Mailboxes::changes_since(AccountId account, MailboxId mailbox, ModSeq since, std::uint32_t limit,
                                                Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  Changes changes;
  TRY(row, store.get(keys::mailbox(mailbox)));
  changes.mailbox_gone = !row.has_value();
  TRY(counters, read_counters(store, mailbox));
  // Everything up to here is committed, so the log holds it; nothing below can appear later.
  changes.up_to = ModSeq{std::max(counters.modseq, since.value())};
  changes.complete = since.value() >= counters.floor;
  if (counters.modseq <= since.value()) return changes;
  TRY_VOID(store.scan(keys::change(mailbox, ModSeq{since.value() + 1}, Uid{}), keys::after(keys::changes(mailbox)),
                      [&](const storage::Row& line) {
                        const ModSeq modseq = keys::modseq_of(line.key);
                        // One modseq is never cut in two: the caller goes on from a modseq.
                        if (changes.messages.size() >= limit && modseq != changes.messages.back().modseq) {
                          changes.more = true;
                          return false;
                        }
                        const bool expunged = line.value == change_value(ChangeKind::Expunged);
                        changes.messages.push_back({.uid = keys::uid_of(line.key), .modseq = modseq, .expunged = expunged});
                        return true;
                      }));
  if (!changes.messages.empty())
    changes.up_to = changes.more ? changes.messages.back().modseq : std::max(changes.up_to, changes.messages.back().modseq);
  std::vector<Uid> live;
  for (const auto& change : changes.messages)
    if (!change.expunged) live.push_back(change.uid);
  TRY(rows, store.flags_of(mailbox, live));
  // A message may have changed again, or gone, since the log was read: its newer log entry comes next time, and telling
  // the newest flags twice does no harm.
  std::map<Uid, const FlagsRow*> newest;
  for (const auto& message : rows) newest.emplace(message.uid, &message.flags);
  std::erase_if(changes.messages, [&](ChangedMessage& change) {
    if (change.expunged) return false;
    const auto found = newest.find(change.uid);
    if (found == newest.end()) return true;
    change.modseq = found->second->modseq;
    change.flags = found->second->flags;
    change.octets = found->second->octets;
    return false;
  });
  return changes;
}

}  // namespace hikyaku::mailboxes
