// Bodies that no record names: left by a process or a machine that died between the write of a body and the commit of its
// record, or by an erasure that failed. A body is taken for an orphan only when its put began longer ago than a commit may
// last, and when not one record changed while all were read: a record that moves from one mailbox to another is not missed.
#include <unordered_set>

#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

namespace {

constexpr std::uint32_t bodies_at_once = 5'000;  // a read each

using Names = std::unordered_set<std::string>;

// Takes out of `unnamed` whatever a record names. A record that cannot be read might name any of them.
MailboxResult<> take_out_named(const Store& store, Names& unnamed) {
  bool readable = true;
  const auto named = [&](const std::optional<storage::BlobId>& blob) {
    if (blob) unnamed.erase(blob->value());
    else readable = false;
    return readable && !unnamed.empty();
  };
  TRY_VOID(store.scan_prefix("m", [&](const storage::Row& row) {
    const auto record = MessageRow::decode(row.value);
    return named(record ? std::optional(record->blob) : std::nullopt);
  }));
  if (readable && !unnamed.empty()) TRY_VOID(store.scan_prefix("x", [&](const storage::Row& row) {
    const auto record = ExpungedRow::decode(row.value);
    return named(record ? std::optional(record->message.blob) : std::nullopt);
  }));
  if (readable && !unnamed.empty()) TRY_VOID(store.scan_prefix("e", [&](const storage::Row& row) { return named(storage::BlobId(row.key.substr(1))); }));
  if (!readable) return fail(MailboxFailure::Broken, "A message record cannot be read; run the store check before bodies are collected.");
  return {};
}

}  // namespace

MailboxResult<Mailboxes::Left> Mailboxes::what_is_left(AccountId account, std::span<const TraceId> journals, const TraceId& generated,
                                                       Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  const auto first = [&](std::string prefix) -> MailboxResult<std::optional<std::string>> {
    std::optional<std::string> key;
    TRY_VOID(store.scan_prefix(std::move(prefix), [&](const storage::Row& row) {
      key = row.key;
      return false;
    }));
    return key;
  };
  const auto notes_of = [](const TraceId& id) { return keys::deliveries({id.node, id.journal, 0, 0}).substr(0, 5); };  // d, node, journal
  Left left;
  for (const auto& prefix : {std::string("x"), std::string("g"), std::string("e"), notes_of(generated)}) {
    TRY(found, first(prefix));
    left.soon |= found.has_value();
  }
  for (const auto& journal : journals) {
    TRY(found, first(notes_of(journal)));
    left.first_notes.push_back(found ? std::optional(keys::message_of(*found)) : std::nullopt);
  }
  return left;
}

MailboxResult<storage::BlobMark> Mailboxes::body_mark(AccountId account, Deadline deadline) {
  auto mark = core_->engine.blob_mark(storage::PartitionName(account_partition(account)), deadline);
  if (!mark) return failure(to_mailbox_error(mark.error()));
  return std::move(*mark);
}

MailboxResult<Mailboxes::OrphansCollected> Mailboxes::collect_orphans(AccountId account, const storage::BlobMark& from,
                                                                      const storage::BlobMark& until, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  auto page = core_->engine.list_blobs(store.partition(), from, until, bodies_at_once, deadline);
  if (!page) return failure(to_mailbox_error(page.error()));
  OrphansCollected collected{0, page->next, page->more};
  Names unnamed;
  for (const auto& blob : page->blobs) unnamed.insert(blob.value());
  if (unnamed.empty()) return collected;
  TRY(before, version(account, deadline));
  TRY_VOID(take_out_named(store, unnamed));
  TRY(after, version(account, deadline));
  if (before != after) return fail(MailboxFailure::Busy, "The account changed while it was searched; it is searched again later.");
  if (unnamed.empty()) return collected;
  // What erased the records of these may not be on stable storage yet: they must not come back without a body.
  TRY_VOID(flush(account, deadline));
  for (const auto& blob : unnamed) {
    // A head that a crash tore off leaves its body to be read as heads: what somebody wrote into a mail to look like one, and as
    // long as it likes, is no body of that length and sum.
    const auto whole = core_->engine.verify_blob(store.partition(), storage::BlobId(blob), deadline);
    if (!whole && whole.error().kind == storage::StoreFailure::Broken) continue;
    if (!whole && whole.error().kind != storage::StoreFailure::NotFound) return failure(to_mailbox_error(whole.error()));
    const auto erased = core_->engine.erase_blob(store.partition(), storage::BlobId(blob), deadline);
    if (!erased && erased.error().kind != storage::StoreFailure::NotFound) return failure(to_mailbox_error(erased.error()));
    ++collected.bodies;
  }
  return collected;
}

}  // namespace hikyaku::mailboxes
