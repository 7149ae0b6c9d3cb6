// New messages: by IMAP APPEND and by delivery. Bodies are written first, then one commit names them.
#include <algorithm>
#include <map>

#include "base/checksum.h"
#include "services/mailboxes/names.h"
#include "services/mailboxes/number_reserve.h"
#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

using storage::Durability;

namespace {

std::unexpected<MailboxError> over_quota() {
  return fail(MailboxFailure::OverQuota, "The mailbox is full; delete some mail or ask for a larger quota.");
}

bool fits(const QuotaUsage& used, const QuotaLimit& limit) {
  return (limit.octets == 0 || used.octets <= limit.octets) && (limit.messages == 0 || used.messages <= limit.messages);
}

struct NewRows {
  FlagsRow flags;
  MessageRow message;
};

NewRows rows_of(const NewMessage& from, const storage::BlobId& blob, UidValidity uid_validity, WallTime now,
                const Options& options) {
  NewRows rows;
  rows.flags.octets = static_cast<std::uint32_t>(std::min<std::size_t>(from.body.size(), 0xffffffff));
  rows.flags.flags = {from.flags.system, normal_keywords(from.flags.keywords, options.max_keywords)};
  rows.message.internal_date = from.internal_date == WallTime{} ? now : from.internal_date;
  rows.message.saved_at = now;
  rows.message.octets = from.body.size();
  rows.message.body_checksum = checksum(from.body);
  rows.message.blob = blob;
  rows.message.trace_id = from.trace_id;
  rows.message.uid_validity = uid_validity;
  rows.message.uidl = from.uidl.size() <= 70 ? from.uidl : std::string();
  if (from.parsed.size() <= options.max_parsed_octets) rows.message.parsed = from.parsed;
  return rows;
}

MailboxResult<std::vector<storage::BlobId>> put_bodies(const Store& store, const std::vector<std::string_view>& bodies,
                                                       Durability durability) {
  auto blobs = store.engine().put_blobs(store.partition(), bodies, durability, store.deadline());
  if (!blobs) return failure(to_mailbox_error(blobs.error()));
  return std::move(*blobs);
}

void erase_bodies(const Store& store, std::span<const storage::BlobId> blobs) {
  // A body that stays is an orphan, the one kind of garbage the store may hold; collect_orphans() takes it.
  for (const auto& blob : blobs) (void)store.engine().erase_blob(store.partition(), blob, store.deadline());
}

}  // namespace

MailboxResult<std::vector<Appended>> Mailboxes::append(AccountId account, MailboxId mailbox,
                                                       std::span<const NewMessage> messages, QuotaLimit quota,
                                                       Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  if (messages.empty()) return std::vector<Appended>{};
  if (messages.size() * 4 + 16 > core_->engine.limits().batch_changes)
    return fail(MailboxFailure::LimitReached, "Too many messages in one APPEND; send them in several.");
  const auto check_room = [&]() -> MailboxResult<> {
    TRY(used, usage(account, deadline));
    used.messages += messages.size();
    for (const auto& message : messages) used.octets += message.body.size();
    if (!fits(used, quota)) return over_quota();
    return {};
  };
  TRY(before, store.mailbox(mailbox));
  if (!before.second.selectable)
    return fail(MailboxFailure::NotSelectable, "This name only holds other mailboxes; choose one below it, or create it.");
  TRY_VOID(check_room());
  TRY_VOID(core_->numbers->settle(store, mailbox));
  std::vector<std::string_view> bodies;
  for (const auto& message : messages) bodies.push_back(message.body);
  TRY(blobs, put_bodies(store, bodies, Durability::Flushed));
  auto appended = core_->with_retries(deadline, [&]() -> MailboxResult<std::vector<Appended>> {
    TRY(row, store.mailbox(mailbox));
    if (!row.second.selectable)
      return fail(MailboxFailure::NotSelectable, "This name only holds other mailboxes; choose one below it, or create it.");
    TRY_VOID(check_room());
    Batch batch;
    Tally tally;
    expect(batch, keys::mailbox(mailbox), row.first);
    batch.emplace_back(next_modseq(mailbox));
    storage::Allocate uids{.counter = keys::counter(mailbox, keys::Counter::Uid),
                           .count = static_cast<std::uint32_t>(messages.size())};
    for (std::uint32_t i = 0; i < messages.size(); ++i) {
      const auto rows = rows_of(messages[i], blobs[i], row.second.uid_validity, core_->clock.wall(), core_->options);
      add_message_rows(uids, i, mailbox, rows.flags, rows.message, 0);
      tally.add(rows.flags, +1);
    }
    batch.emplace_back(std::move(uids));
    tally.finish(batch, mailbox);
    finish_quota(batch, tally);
    TRY(committed, store.commit(std::move(batch), Durability::Flushed));
    std::vector<Appended> result;
    for (std::uint32_t i = 0; i < messages.size(); ++i)
      result.push_back({row.second.uid_validity, Uid{static_cast<std::uint32_t>(committed.first_allocated[1] + i)},
                        ModSeq{committed.first_allocated[0]}});
    return result;
  });
  if (!appended && appended.error().kind != MailboxFailure::OutcomeUnknown) erase_bodies(store, blobs);
  return appended;
}

// ---- delivery --------------------------------------------------------------------------------------------------------

namespace {

struct Target {
  std::string name, name_octets;
  NameRow row;
};

// The mailbox wished for, or INBOX where there is none such.
MailboxResult<Target> target_of(const Store& store, const std::string& wish) {
  for (std::string name : {wish, std::string(inbox)}) {
    if (name.empty()) continue;
    auto normal = normal_name(name);
    if (!normal) continue;
    TRY(octets, store.get(keys::name(*normal)));
    const auto row = octets ? NameRow::decode(*octets) : std::nullopt;
    if (row && row->selectable) return Target{std::move(*normal), std::move(*octets), *row};
  }
  return fail(MailboxFailure::NoSuchMailbox, "The account has no INBOX; the operator should run the store check.");
}

Batch delivery_batch(const Target& target, const NewRows& rows, const std::string& delivery_key,
                     const std::optional<NumberReserve::Ceiling>& ceiling) {
  Batch batch;
  if (ceiling) expect(batch, ceiling->key, ceiling->value);
  expect(batch, keys::name(target.name), target.name_octets);
  expect_absent(batch, delivery_key);
  batch.emplace_back(next_modseq(target.row.id));
  storage::Allocate uid{.counter = keys::counter(target.row.id, keys::Counter::Uid)};
  add_message_rows(uid, 0, target.row.id, rows.flags, rows.message, 0);
  uid.rows.push_back({.key = delivery_key, .value = DeliveryRow{target.row.id, Uid{}, target.name}.encode(), .in_key = {},
                      .in_value = {{.at = DeliveryRow::uid_at, .octets = 4}}});
  batch.emplace_back(std::move(uid));
  Tally tally;
  tally.add(rows.flags, +1);
  tally.finish(batch, target.row.id);
  finish_quota(batch, tally);
  return batch;
}

}  // namespace

// One group of deliveries to one account, on its way.
class DeliveryGroup {
 public:
  DeliveryGroup(const Store& store, const Clock& clock, const Options& options, NumberReserve& numbers,
                std::span<const Delivery> deliveries, Durability durability)
      : store_(store), clock_(clock), options_(options), numbers_(numbers), deliveries_(deliveries), durability_(durability),
        blobs_(deliveries.size()), outcomes_(deliveries.size()) {}

  // `indexes`: the deliveries that still have no outcome. Answers those that met a conflict worth another try.
  std::vector<std::size_t> attempt(const std::vector<std::size_t>& indexes) {
    std::vector<std::size_t> again;
    std::vector<std::size_t> sent;
    std::vector<Target> targets;
    std::vector<storage::Batch> batches;
    std::map<MailboxId, std::optional<NumberReserve::Ceiling>> ceilings;
    for (const auto i : indexes) {
      auto target = target_of(store_, deliveries_[i].mailbox);
      if (!target) { outcomes_[i] = failure(target.error()); continue; }
      if (const auto reserved = reserve(ceilings, target->row.id); !reserved) { outcomes_[i] = failure(reserved.error()); continue; }
      const auto rows = rows_of(deliveries_[i].message, blobs_[i], target->row.uid_validity, clock_.wall(), options_);
      batches.push_back({.request = new_request_id(), .changes = delivery_batch(*target, rows, key(i), ceilings[target->row.id])});
      targets.push_back(std::move(*target));
      sent.push_back(i);
    }
    if (batches.empty()) return again;
    const auto results = store_.engine().commit_group(store_.partition(), batches, durability_, store_.deadline());
    for (std::size_t n = 0; n < sent.size(); ++n) {
      const auto i = sent[n];
      auto result = results[n];
      for (int tries = 0; !result && result.error().kind == storage::StoreFailure::OutcomeUnknown && tries < 3; ++tries)
        result = store_.engine().commit(store_.partition(), batches[n], durability_, store_.deadline());
      if (result) {
        // Others took more than the margin meanwhile: these numbers must be durable before anybody can rely on them.
        const auto& ceiling = ceilings[targets[n].row.id];
        if (ceiling && (result->first_allocated[0] > ceiling->modseq || result->first_allocated[1] > ceiling->uid))
          (void)store_.engine().flush(store_.partition(), store_.deadline());
        outcomes_[i] = Delivered{Delivered::How::Stored, targets[n].name, Uid{static_cast<std::uint32_t>(result->first_allocated[1])}};
      } else if (result.error().kind == storage::StoreFailure::Conflict) {
        auto known = already_there(i);
        if (!known) outcomes_[i] = failure(known.error());
        else if (*known) outcomes_[i] = std::move(**known);
        else again.push_back(i);  // the mailbox was renamed, deleted or unmade at this moment
      } else {
        outcomes_[i] = failure(to_mailbox_error(result.error()));
      }
    }
    return again;
  }

  // Once for each mailbox of an attempt.
  MailboxResult<> reserve(std::map<MailboxId, std::optional<NumberReserve::Ceiling>>& ceilings, MailboxId mailbox) {
    if (ceilings.contains(mailbox)) return {};
    if (durability_ == Durability::Flushed) {
      TRY_VOID(numbers_.settle(store_, mailbox));
      ceilings.emplace(mailbox, std::nullopt);
      return {};
    }
    TRY(ceiling, numbers_.reserve(store_, mailbox));
    ceilings.emplace(mailbox, std::move(ceiling));
    return {};
  }

  // Puts the bodies of these in one write.
  MailboxResult<> write_bodies(const std::vector<std::size_t>& indexes) {
    std::vector<std::string_view> bodies;
    for (const auto i : indexes) bodies.push_back(deliveries_[i].message.body);
    if (bodies.empty()) return {};
    TRY(blobs, put_bodies(store_, bodies, durability_));
    for (std::size_t n = 0; n < indexes.size(); ++n) blobs_[indexes[n]] = std::move(blobs[n]);
    return {};
  }

  // DESIGN §4.2, rule 6: a repeated delivery counts as done only if the body is there and right; else the body is put
  // back under the same UID. nullopt: it was never stored.
  MailboxResult<std::optional<Delivered>> already_there(std::size_t i) {
    for (int tries = 0; tries < 20; ++tries) {
      TRY(octets, store_.get(key(i)));
      const auto row = octets ? DeliveryRow::decode(*octets) : std::nullopt;
      if (!row) return std::nullopt;
      const Delivered there{Delivered::How::AlreadyThere, row->mailbox_name, row->uid};
      const auto message_key = keys::row('m', row->mailbox, row->uid);
      TRY(message_octets, store_.get(message_key));
      auto message = message_octets ? MessageRow::decode(*message_octets) : std::nullopt;
      if (!message) return there;  // expunged or moved by the user
      const auto verified = store_.engine().verify_blob(store_.partition(), message->blob, store_.deadline());
      if (verified) return there;
      if (verified.error().kind != storage::StoreFailure::NotFound && verified.error().kind != storage::StoreFailure::Broken)
        return failure(to_mailbox_error(verified.error()));
      TRY(blobs, put_bodies(store_, {deliveries_[i].message.body}, durability_));
      message->blob = blobs.front();
      message->octets = deliveries_[i].message.body.size();
      message->body_checksum = checksum(deliveries_[i].message.body);
      Batch batch;
      expect(batch, message_key, *message_octets);
      batch.emplace_back(storage::Put{message_key, message->encode()});
      const auto committed = store_.commit(std::move(batch), durability_);
      if (committed) return Delivered{Delivered::How::BodyRestored, row->mailbox_name, row->uid};
      if (committed.error().kind != MailboxFailure::Busy) return failure(committed.error());
    }
    return fail(MailboxFailure::Busy, "The mailbox is busy; try again in a moment.");
  }

  void settle(std::size_t i, MailboxResult<Delivered> outcome) { outcomes_[i] = std::move(outcome); }
  // The bodies of deliveries that stored nothing are given back.
  std::vector<MailboxResult<Delivered>> finish() && {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const bool unused = outcomes_[i] ? outcomes_[i]->how != Delivered::How::Stored
                                       : outcomes_[i].error().kind != MailboxFailure::OutcomeUnknown;
      if (unused && !blobs_[i].value().empty()) erase_bodies(store_, {&blobs_[i], 1});
    }
    return std::move(outcomes_);
  }

 private:
  [[nodiscard]] std::string key(std::size_t i) const {
    const auto& delivery = deliveries_[i];
    return keys::delivery(delivery.message.trace_id, delivery.original_recipient, delivery.mailbox);
  }

  const Store& store_;
  const Clock& clock_;
  const Options& options_;
  NumberReserve& numbers_;
  std::span<const Delivery> deliveries_;
  Durability durability_;
  std::vector<storage::BlobId> blobs_;
  std::vector<MailboxResult<Delivered>> outcomes_;
};

std::vector<MailboxResult<Delivered>> Mailboxes::deliver_group(AccountId account, std::span<const Delivery> deliveries,
                                                               QuotaLimit quota, Durability durability,
                                                               Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  const auto all_fail = [&](const MailboxError& error) {
    return std::vector<MailboxResult<Delivered>>(deliveries.size(), failure(error));
  };
  if (const auto there = store.name(inbox); !there) return all_fail(there.error());
  else if (!*there)
    if (const auto made = create_account(account, deadline); !made) return all_fail(made.error());
  DeliveryGroup group(store, core_->clock, core_->options, *core_->numbers, deliveries, durability);
  auto used = usage(account, deadline);
  if (!used) return all_fail(used.error());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    auto with_this = *used;
    with_this.octets += deliveries[i].message.body.size();
    with_this.messages += 1;
    if (fits(with_this, quota)) {
      *used = with_this;
      open.push_back(i);
      continue;
    }
    // Full now, but it may have been stored before: then it must not bounce.
    auto known = group.already_there(i);
    if (!known) group.settle(i, failure(known.error()));
    else if (*known) group.settle(i, std::move(**known));
    else group.settle(i, over_quota());
  }
  if (const auto written = group.write_bodies(open); !written) {
    for (const auto i : open) group.settle(i, failure(written.error()));
    return std::move(group).finish();
  }
  for (int tries = 0; !open.empty() && tries < 20; ++tries) open = group.attempt(open);
  for (const auto i : open)
    group.settle(i, fail(MailboxFailure::Busy, "The mailbox is busy; try again in a moment."));
  return std::move(group).finish();
}

MailboxResult<> Mailboxes::forget_deliveries_of(AccountId account, std::uint16_t node, std::uint16_t journal, const IsOver& is_over,
                                                Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  constexpr std::size_t rows_at_once = 1'000;
  std::string from = keys::deliveries({node, journal, 0, 0});
  const auto until = keys::after(from.substr(0, 5));  // d, node, journal
  for (;;) {
    std::vector<std::string> rows;
    std::vector<TraceId> ids;
    TRY_VOID(store.scan(from, until, [&](const storage::Row& row) {
      rows.push_back(row.key);
      ids.push_back(keys::message_of(row.key));
      return rows.size() < rows_at_once;
    }));
    if (rows.empty()) return {};
    std::vector<bool> over(rows.size());
    if (!is_over(ids, over)) return {};
    Batch batch;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (over[i]) batch.emplace_back(storage::Erase{rows[i]});
    if (!batch.empty()) TRY_VOID(store.commit(std::move(batch), Durability::Lazy));
    if (rows.size() < rows_at_once) return {};
    from = rows.back() + '\0';
  }
}

MailboxResult<> Mailboxes::forget_deliveries(AccountId account, const TraceId& below, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TraceId first = below;
  first.owner = 0;
  first.sequence = 0;
  // Read first: nearly always there is nothing, and a commit would cost each account of the server a write.
  constexpr std::size_t rows_of_a_commit = 2'000;
  const auto from = keys::deliveries(first), until = keys::deliveries(below);
  for (;;) {
    std::size_t rows = 0;
    std::string last;
    TRY_VOID(store.scan(from, until, [&](const storage::Row& row) {
      last = row.key;
      return ++rows < rows_of_a_commit;
    }));
    if (rows == 0) return {};
    Batch batch;
    batch.emplace_back(storage::EraseRange{from, last + '\0'});
    TRY_VOID(store.commit(std::move(batch), Durability::Lazy));
    if (rows < rows_of_a_commit) return {};
  }
}

}  // namespace hikyaku::mailboxes
