// COPY, MOVE and EXPUNGE: RFC 9051 §6.4.7, §6.4.8, §6.4.3. The three are made of two halves, a message appearing in one
// mailbox and a message leaving another; MOVE does both in one commit.
#include <algorithm>

#include "services/mailboxes/number_reserve.h"
#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

using storage::Durability;

namespace {

constexpr std::size_t messages_per_commit = 500, octets_per_commit = 2 << 20;

struct Loaded {
  Store::Message flags;
  MessageRow message;
};

// The next live messages among `uids`, as many as one commit takes; `uids` moves on.
MailboxResult<std::vector<Loaded>> load_part(const Store& store, MailboxId mailbox, std::span<const Uid>& uids) {
  std::vector<Loaded> part;
  const auto candidates = uids.first(std::min(uids.size(), messages_per_commit));
  TRY(live, store.flags_of(mailbox, candidates));
  std::size_t octets = 0;
  for (auto& flags : live) {
    TRY(message, store.message(mailbox, flags.uid));
    if (!message) continue;  // expunged since the flags were read
    octets += message->parsed.size() + 500;
    if (octets > octets_per_commit && !part.empty()) {
      const auto rest = std::ranges::lower_bound(uids, flags.uid);
      uids = uids.subspan(static_cast<std::size_t>(rest - uids.begin()));
      return part;
    }
    part.push_back({std::move(flags), std::move(*message)});
  }
  uids = uids.subspan(candidates.size());
  return part;
}

std::vector<Uid> sorted(std::span<const Uid> uids) {
  std::vector<Uid> out(uids.begin(), uids.end());
  std::ranges::sort(out);
  const auto twins = std::ranges::unique(out);
  out.erase(twins.begin(), twins.end());
  return out;
}

// Everything of a batch but the counters of UIDs. `expunged_modseq` is the mailbox's Allocate, still being filled.
void leave(Batch& batch, Tally& tally, storage::Allocate& expunged_modseq, MailboxId mailbox, const Loaded& gone, WallTime now) {
  const Uid uid = gone.flags.uid;
  expect(batch, keys::row('f', mailbox, uid), gone.flags.flags_octets);
  batch.emplace_back(storage::Erase{keys::row('f', mailbox, uid)});
  batch.emplace_back(storage::Erase{keys::row('m', mailbox, uid)});
  batch.emplace_back(storage::Erase{keys::row('t', mailbox, uid)});
  batch.emplace_back(storage::Erase{keys::change(mailbox, gone.flags.flags.modseq, uid)});
  batch.emplace_back(storage::Put{keys::row('x', mailbox, uid), ExpungedRow{now, gone.flags.flags, gone.message}.encode()});
  expunged_modseq.rows.push_back({.key = keys::change(mailbox, ModSeq{}, uid), .value = change_value(ChangeKind::Expunged),
                                  .in_key = {{.at = 5, .octets = 8}}, .in_value = {}});
  tally.add(gone.flags.flags, -1);
  tally.gone += 1;
}

// One more record names the body.
void share_body(Batch& batch, const Loaded& message) {
  batch.emplace_back(storage::Add{keys::shares(message.message.blob), 1});
}

MessageRow as_copy(const MessageRow& original, UidValidity target, WallTime now) {
  MessageRow copy = original;
  copy.saved_at = now;  // RFC 8514 §2: the date of COPY and MOVE
  copy.uid_validity = target;
  copy.uidl.clear();  // RFC 1939 §7: another message, another UIDL
  return copy;
}

enum class Originals : std::uint8_t { Stay, Leave };

struct Part {
  std::vector<Uid> from;
  Uid first_to;
};

// Copies or moves `messages` in one commit.
MailboxResult<Part> transfer(const Store& store, MailboxId from, MailboxId to, const std::vector<Loaded>& messages,
                             Originals originals, WallTime now) {
  TRY(target, store.mailbox(to));
  if (!target.second.selectable)
    return fail(MailboxFailure::NotSelectable, "This name only holds other mailboxes; choose one below it, or create it.");
  TRY(source, store.mailbox(from));
  Part part;
  Batch batch;
  Tally arriving, leaving;
  expect(batch, keys::mailbox(to), target.first);
  expect(batch, keys::mailbox(from), source.first);
  storage::Allocate expunged = next_modseq(from);
  storage::Allocate uids{.counter = keys::counter(to, keys::Counter::Uid), .count = static_cast<std::uint32_t>(messages.size())};
  const std::uint8_t arriving_modseq = originals == Originals::Leave ? 1 : 0;
  for (std::uint32_t i = 0; i < messages.size(); ++i) {
    const auto& message = messages[i];
    share_body(batch, message);
    if (originals == Originals::Leave) leave(batch, leaving, expunged, from, message, now);
    else expect(batch, keys::row('f', from, message.flags.uid), message.flags.flags_octets);
    add_message_rows(uids, i, to, message.flags.flags, as_copy(message.message, target.second.uid_validity, now), arriving_modseq);
    arriving.add(message.flags.flags, +1);
    part.from.push_back(message.flags.uid);
  }
  if (originals == Originals::Leave) batch.emplace_back(std::move(expunged));
  batch.emplace_back(next_modseq(to));
  batch.emplace_back(std::move(uids));
  arriving.finish(batch, to);
  if (originals == Originals::Leave) leaving.finish(batch, from);
  else finish_quota(batch, arriving);
  TRY(committed, store.commit(std::move(batch), Durability::Flushed));
  part.first_to = Uid{static_cast<std::uint32_t>(committed.first_allocated.back())};
  return part;
}

void append_part(Mailboxes::Copied& copied, const Part& part) {
  for (std::uint32_t i = 0; i < part.from.size(); ++i) {
    copied.from.push_back(part.from[i]);
    copied.to.emplace_back(part.first_to.value() + i);
  }
}

}  // namespace

MailboxResult<Mailboxes::Copied> Mailboxes::copy(AccountId account, MailboxId from, std::span<const Uid> uids, MailboxId to,
                                                 QuotaLimit quota, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(source, store.mailbox(from));
  TRY(target, store.mailbox(to));
  TRY_VOID(core_->numbers->settle(store, from));
  TRY_VOID(core_->numbers->settle(store, to));
  const auto wanted = sorted(uids);
  TRY(used, usage(account, deadline));
  TRY(live, store.flags_of(from, wanted));
  used.messages += live.size();
  for (const auto& message : live) used.octets += message.flags.octets;
  if ((quota.octets != 0 && used.octets > quota.octets) || (quota.messages != 0 && used.messages > quota.messages))
    return fail(MailboxFailure::OverQuota, "The mailbox is full; delete some mail or ask for a larger quota.");
  Copied copied{.uid_validity = target.second.uid_validity};
  std::span<const Uid> rest = wanted;
  while (!rest.empty()) {
    auto part = core_->with_retries(deadline, [&]() -> MailboxResult<Part> {
      auto next = rest;
      TRY(messages, load_part(store, from, next));
      Part done;
      if (!messages.empty()) {
        TRY(transferred, transfer(store, from, to, messages, Originals::Stay, core_->clock.wall()));
        done = std::move(transferred);
      }
      rest = next;
      return done;
    });
    if (!part) {
      // RFC 9051 §6.4.7: all or nothing; the copies made so far go again.
      if (!copied.to.empty()) (void)expunge(account, to, copied.to, ExpungeOf::All, core_->clock.now() + 30s);
      return failure(std::move(part).error());
    }
    append_part(copied, *part);
  }
  return copied;
}

MailboxResult<Mailboxes::Copied> Mailboxes::move(AccountId account, MailboxId from, std::span<const Uid> uids, MailboxId to,
                                                 Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(source, store.mailbox(from));
  TRY(target, store.mailbox(to));
  TRY_VOID(core_->numbers->settle(store, from));
  TRY_VOID(core_->numbers->settle(store, to));
  const auto wanted = sorted(uids);
  Copied moved{.uid_validity = target.second.uid_validity};
  std::span<const Uid> rest = wanted;
  while (!rest.empty()) {
    auto part = core_->with_retries(deadline, [&]() -> MailboxResult<Part> {
      auto next = rest;
      TRY(messages, load_part(store, from, next));
      Part done;
      if (!messages.empty()) {
        TRY(transferred, transfer(store, from, to, messages, Originals::Leave, core_->clock.wall()));
        done = std::move(transferred);
      }
      rest = next;
      return done;
    });
    // What was moved before an error stays moved, and is told (RFC 6851 §3.3 allows it, COPYUID says which).
    if (!part && moved.from.empty()) return failure(std::move(part).error());
    if (!part) return moved;
    append_part(moved, *part);
  }
  return moved;
}

MailboxResult<Mailboxes::Expunged> Mailboxes::expunge(AccountId account, MailboxId mailbox,
                                                      std::optional<std::span<const Uid>> uids, ExpungeOf which,
                                                      Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(known, store.mailbox(mailbox));
  TRY_VOID(core_->numbers->settle(store, mailbox));
  auto wanted = sorted(uids.value_or(std::span<const Uid>{}));
  Expunged gone;
  if (!uids) {
    TRY(deleted, store.count(keys::counter(mailbox, keys::Counter::Deleted)));
    if (which == ExpungeOf::DeletedOnly && deleted == 0) return gone;
    TRY_VOID(store.scan_prefix(keys::rows('f', mailbox), [&](const storage::Row& line) {
      const auto flags = FlagsRow::decode(line.value);
      if (which == ExpungeOf::All || (flags && flags->flags.has(Deleted))) wanted.push_back(keys::uid_of(line.key));
      return true;
    }));
  }
  std::span<const Uid> rest = wanted;
  while (!rest.empty()) {
    auto part = core_->with_retries(deadline, [&]() -> MailboxResult<Expunged> {
      auto next = rest;
      TRY(messages, load_part(store, mailbox, next));
      std::erase_if(messages, [&](const Loaded& message) {
        return which == ExpungeOf::DeletedOnly && !message.flags.flags.flags.has(Deleted);
      });
      Expunged done;
      if (!messages.empty()) {
        TRY(row, store.mailbox(mailbox));
        Batch batch;
        Tally tally;
        expect(batch, keys::mailbox(mailbox), row.first);  // deleting the mailbox settles the quota for all it holds
        auto modseq = next_modseq(mailbox);
        for (const auto& message : messages) {
          leave(batch, tally, modseq, mailbox, message, core_->clock.wall());
          done.uids.push_back(message.flags.uid);
        }
        batch.emplace_back(std::move(modseq));
        tally.finish(batch, mailbox);
        finish_quota(batch, tally);
        TRY(committed, store.commit(std::move(batch), Durability::Flushed));
        done.modseq = ModSeq{committed.first_allocated.front()};
      }
      rest = next;
      return done;
    });
    if (!part && gone.uids.empty()) return part;
    if (!part) return gone;  // told what is gone; the rest is still \Deleted
    gone.uids.insert(gone.uids.end(), part->uids.begin(), part->uids.end());
    gone.modseq = std::max(gone.modseq, part->modseq);
  }
  return gone;
}

}  // namespace hikyaku::mailboxes
