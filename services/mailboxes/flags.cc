// STORE: RFC 9051 §6.4.6, RFC 7162 §3.1.3.
#include <algorithm>

#include "services/mailboxes/number_reserve.h"
#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

namespace {

constexpr std::size_t messages_per_commit = 1'000;

struct Decided {
  Mailboxes::FlagsChanged outcome;
  Batch batch;
};

Decided decide(MailboxId mailbox, std::vector<Store::Message>& messages, const Mailboxes::FlagChange& change,
               std::size_t max_keywords) {
  Decided decided;
  auto modseq = next_modseq(mailbox);
  Tally tally;
  for (auto& message : messages) {
    if (message.flags.modseq > change.unchanged_since) {
      decided.outcome.modified.push_back(message.uid);
      continue;
    }
    auto flags = apply(change.operation, message.flags.flags, change.flags, max_keywords);
    ChangedMessage told{.uid = message.uid, .modseq = message.flags.modseq, .flags = flags, .octets = message.flags.octets};
    if (flags == message.flags.flags) {
      decided.outcome.same.push_back(std::move(told));
      continue;
    }
    tally.add_flags(message.flags.flags, -1);
    tally.add_flags(flags, +1);
    expect(decided.batch, keys::row('f', mailbox, message.uid), message.flags_octets);
    decided.batch.emplace_back(storage::Erase{keys::change(mailbox, message.flags.modseq, message.uid)});
    message.flags.flags = std::move(flags);
    modseq.rows.push_back({.key = keys::row('f', mailbox, message.uid), .value = message.flags.encode(), .in_key = {},
                           .in_value = {{.at = FlagsRow::modseq_at, .octets = 8}}});
    modseq.rows.push_back({.key = keys::change(mailbox, ModSeq{}, message.uid), .value = change_value(ChangeKind::Changed),
                           .in_key = {{.at = 5, .octets = 8}}, .in_value = {}});
    decided.outcome.changed.push_back(std::move(told));
  }
  if (decided.outcome.changed.empty()) return decided;
  decided.batch.emplace_back(std::move(modseq));
  tally.finish(decided.batch, mailbox);
  return decided;
}

}  // namespace

MailboxResult<Mailboxes::FlagsChanged> Mailboxes::store_flags(AccountId account, MailboxId mailbox,
                                                              std::span<const Uid> uids, const FlagChange& change,
                                                              Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(row, store.mailbox(mailbox));
  TRY_VOID(core_->numbers->settle(store, mailbox));
  FlagsChanged all;
  std::vector<Uid> wanted(uids.begin(), uids.end());
  std::ranges::sort(wanted);
  std::span<const Uid> rest = wanted;
  while (!rest.empty()) {
    const auto part = rest.first(std::min(rest.size(), messages_per_commit));
    rest = rest.subspan(part.size());
    auto done = core_->with_retries(deadline, [&]() -> MailboxResult<FlagsChanged> {
      TRY(messages, store.flags_of(mailbox, part));
      auto decided = decide(mailbox, messages, change, core_->options.max_keywords);
      if (decided.outcome.changed.empty()) return std::move(decided.outcome);
      TRY(committed, store.commit(std::move(decided.batch), storage::Durability::Flushed));
      for (auto& changed : decided.outcome.changed) changed.modseq = ModSeq{committed.first_allocated.front()};
      return std::move(decided.outcome);
    });
    if (!done) return done;
    all.changed.insert(all.changed.end(), done->changed.begin(), done->changed.end());
    all.same.insert(all.same.end(), done->same.begin(), done->same.end());
    all.modified.insert(all.modified.end(), done->modified.begin(), done->modified.end());
  }
  return all;
}

}  // namespace hikyaku::mailboxes
