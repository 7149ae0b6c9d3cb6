#include "services/mailboxes/store.h"

#include <algorithm>
#include <cerrno>
#include <sys/random.h>
#include <thread>

#include "base/check.h"

namespace hikyaku::mailboxes {

using storage::StoreFailure;

std::unexpected<MailboxError> fail(MailboxFailure kind, std::string what) {
  return failure(MailboxError{kind, std::move(what)});
}

MailboxError to_mailbox_error(const storage::StoreError& error) {
  switch (error.kind) {
    case StoreFailure::Conflict:
    case StoreFailure::Timeout:
      return {MailboxFailure::Busy, "The mailbox is busy; try again in a moment."};
    case StoreFailure::OutcomeUnknown:
      return {MailboxFailure::OutcomeUnknown, "The store did not answer in time; look whether the change was made before you repeat it."};
    case StoreFailure::NoSpace:
      return {MailboxFailure::NoSpace, "The mail store has no space left (" + error.what + "); free some disk space."};
    default:
      return {MailboxFailure::Broken, "The mail store reports: " + error.what + "; the operator should look at its disk."};
  }
}

namespace {

std::unexpected<MailboxError> broken(std::string_view row) {
  return fail(MailboxFailure::Broken, "A row (" + std::string(row) + ") of this account's index cannot be read; the operator should run the store check.");
}

}  // namespace

storage::RequestId new_request_id() {
  std::string octets(16, '\0');
  while (getrandom(octets.data(), octets.size(), 0) != 16) check(errno == EINTR, "the kernel gives random octets");
  return storage::RequestId{std::move(octets)};
}

void Mailboxes::Core::pause_before_retry(int tries) {
  if (tries < 3) return std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::microseconds(100) * std::min(tries, 50));
}

MailboxResult<std::optional<std::string>> Store::get(std::string_view key) const {
  auto value = engine_.get(partition_, key, deadline_);
  if (!value) return failure(to_mailbox_error(value.error()));
  return std::move(*value);
}

MailboxResult<std::uint64_t> Store::count(std::string_view key) const {
  TRY(value, get(key));
  return keys::count_of(value);
}

MailboxResult<> Store::scan(std::string from, std::string until,
                            const std::function<bool(const storage::Row&)>& visit) const {
  storage::Scan range{.from = std::move(from), .until = std::move(until)};
  for (;;) {
    auto page = engine_.scan(partition_, range, deadline_);
    if (!page) return failure(to_mailbox_error(page.error()));
    for (const auto& row : page->rows)
      if (!visit(row)) return {};
    if (!page->more || page->rows.empty()) return {};
    range.from = page->rows.back().key + '\0';
  }
}

MailboxResult<> Store::scan_prefix(std::string prefix, const std::function<bool(const storage::Row&)>& visit) const {
  auto until = keys::after(prefix);
  return scan(std::move(prefix), std::move(until), visit);
}

MailboxResult<storage::Committed> Store::commit(Batch changes, storage::Durability durability) const {
  const storage::Batch batch{.request = new_request_id(), .changes = std::move(changes)};
  for (int tries = 0;; ++tries) {
    auto outcome = engine_.commit(partition_, batch, durability, deadline_);
    if (outcome) return std::move(*outcome);
    if (outcome.error().kind != StoreFailure::OutcomeUnknown || tries == 5)
      return failure(to_mailbox_error(outcome.error()));
  }
}

MailboxResult<std::pair<std::string, MailboxRow>> Store::mailbox(MailboxId id) const {
  TRY(octets, get(keys::mailbox(id)));
  if (!octets) return fail(MailboxFailure::NoSuchMailbox, "This mailbox does not exist any more; list the mailboxes again.");
  auto row = MailboxRow::decode(*octets);
  if (!row) return broken("mailbox " + std::to_string(id.value()));
  return std::pair{std::move(*octets), std::move(*row)};
}

MailboxResult<std::optional<NameRow>> Store::name(std::string_view name) const {
  TRY(octets, get(keys::name(name)));
  if (!octets) return std::nullopt;
  auto row = NameRow::decode(*octets);
  if (!row) return broken("name");
  return row;
}

MailboxResult<std::vector<Store::Message>> Store::flags_of(MailboxId mailbox, std::span<const Uid> uids) const {
  std::vector<Uid> wanted(uids.begin(), uids.end());
  std::ranges::sort(wanted);
  const auto twins = std::ranges::unique(wanted);
  wanted.erase(twins.begin(), twins.end());
  std::vector<Message> found;
  bool unreadable = false;
  const auto keep = [&](Uid uid, const std::string& octets) {
    auto row = FlagsRow::decode(octets);
    unreadable |= !row;
    if (row) found.push_back({uid, octets, std::move(*row)});
  };
  // In stretches: what lies between two of them is not read, however large the mailbox.
  constexpr std::uint32_t near = 32;  // rows read in vain cost less than another look-up
  for (auto first = wanted.begin(); first != wanted.end();) {
    auto last = first;
    while (last + 1 != wanted.end() && (last + 1)->value() - last->value() <= near) ++last;
    if (first == last) {
      TRY(octets, get(keys::row('f', mailbox, *first)));
      if (octets) keep(*first, *octets);
    } else {
      auto next = first;
      TRY_VOID(scan(keys::row('f', mailbox, *first), keys::row('f', mailbox, *last) + '\0', [&](const storage::Row& row) {
        const Uid uid = keys::uid_of(row.key);
        next = std::lower_bound(next, last + 1, uid);
        if (next <= last && *next == uid) keep(uid, row.value);
        return next <= last;
      }));
    }
    first = last + 1;
  }
  if (unreadable) return broken("flags");
  return found;
}

MailboxResult<std::optional<MessageRow>> Store::message(MailboxId mailbox, Uid uid) const {
  TRY(octets, get(keys::row('m', mailbox, uid)));
  if (!octets) return std::nullopt;
  auto row = MessageRow::decode(*octets);
  if (!row) return broken("message " + std::to_string(uid.value()));
  return row;
}

// ---- building batches ------------------------------------------------------------------------------------------------

void Tally::add_flags(const Flags& flags, int sign) {
  if (!flags.has(Seen)) unseen += sign;
  if (flags.has(Deleted)) deleted += sign;
}

void Tally::add(const FlagsRow& row, int sign) {
  exists += sign;
  octets += sign * static_cast<std::int64_t>(row.octets);
  add_flags(row.flags, sign);
}

void Tally::finish(Batch& batch, MailboxId mailbox) const {
  const auto add = [&](keys::Counter which, std::int64_t delta) {
    if (delta != 0) batch.emplace_back(storage::Add{keys::counter(mailbox, which), delta});
  };
  add(keys::Counter::Exists, exists);
  add(keys::Counter::Unseen, unseen);
  add(keys::Counter::Deleted, deleted);
  add(keys::Counter::Octets, octets);
  add(keys::Counter::Gone, gone);
}

void finish_quota(Batch& batch, const Tally& tally) {
  if (tally.octets != 0) batch.emplace_back(storage::Add{std::string(keys::used_octets), tally.octets});
  if (tally.exists != 0) batch.emplace_back(storage::Add{std::string(keys::used_messages), tally.exists});
}

void expect(Batch& batch, std::string key, std::string value) {
  batch.emplace_back(storage::ExpectValue{std::move(key), std::move(value)});
}
void expect_absent(Batch& batch, std::string key) {
  batch.emplace_back(storage::ExpectValue{std::move(key), std::nullopt});
}

storage::Allocate next_modseq(MailboxId mailbox) { return {.counter = keys::counter(mailbox, keys::Counter::ModSeq)}; }

std::string change_value(ChangeKind kind) { return {static_cast<char>(kind)}; }

void add_message_rows(storage::Allocate& uids, std::uint32_t number, MailboxId mailbox, const FlagsRow& flags,
                      const MessageRow& message, std::uint8_t modseq_allocate) {
  using storage::NumberedRow;
  using storage::Placeholder;
  const Placeholder uid_in_row_key{.at = 5, .octets = 4};
  uids.rows.push_back(NumberedRow{.key = keys::row('f', mailbox, Uid{}), .value = flags.encode(), .in_key = {uid_in_row_key},
                                  .in_value = {{.at = FlagsRow::modseq_at, .octets = 8, .of = modseq_allocate}}, .number = number});
  uids.rows.push_back(NumberedRow{.key = keys::row('m', mailbox, Uid{}), .value = message.encode(),
                                  .in_key = {uid_in_row_key}, .in_value = {}, .number = number});
  uids.rows.push_back(NumberedRow{.key = keys::change(mailbox, ModSeq{}, Uid{}), .value = change_value(ChangeKind::Changed),
                                  .in_key = {{.at = 5, .octets = 8, .of = modseq_allocate}, {.at = 13, .octets = 4}},
                                  .in_value = {}, .number = number});
}

}  // namespace hikyaku::mailboxes
