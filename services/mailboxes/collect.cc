// What is over: expunged messages whose time has come, deleted mailboxes, the old end of the expunge log. Records
// first, bodies last: an interrupted collection leaves an erasure note, and the next one finishes it.
#include <map>

#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

using storage::Durability;

namespace {

constexpr std::size_t records_per_commit = 500;

struct Doomed {
  std::string key, value;  // of the record, as read
  storage::BlobId blob;
};

// One commit: the records go, bodies nobody else names get an erasure note. Answers those.
MailboxResult<std::vector<storage::BlobId>> forget_records(const Store& store, const std::vector<Doomed>& records, Batch batch) {
  std::map<storage::BlobId, std::uint64_t> names;
  for (const auto& record : records) {
    expect(batch, record.key, record.value);
    batch.emplace_back(storage::Erase{record.key});
    ++names[record.blob];
  }
  std::vector<storage::BlobId> unnamed;
  for (const auto& [blob, count] : names) {
    const auto key = keys::shares(blob);
    TRY(octets, store.get(key));
    const auto others = keys::count_of(octets);  // records beyond the first
    batch.emplace_back(storage::ExpectValue{key, octets});
    if (others > count) {
      batch.emplace_back(storage::Put{key, keys::count_value(others - count)});
    } else {
      if (octets) batch.emplace_back(storage::Erase{key});
      if (others < count) {
        batch.emplace_back(storage::Put{keys::erasure(blob), ""});
        unnamed.push_back(blob);
      }
    }
  }
  TRY_VOID(store.commit(std::move(batch), Durability::Flushed));
  return unnamed;
}

MailboxResult<> erase_bodies(const Store& store, const std::vector<storage::BlobId>& blobs) {
  Batch batch;
  for (const auto& blob : blobs) {
    const auto erased = store.engine().erase_blob(store.partition(), blob, store.deadline());
    if (!erased && erased.error().kind != storage::StoreFailure::NotFound) return failure(to_mailbox_error(erased.error()));
    batch.emplace_back(storage::Erase{keys::erasure(blob)});
  }
  if (!batch.empty()) TRY_VOID(store.commit(std::move(batch), Durability::Lazy));
  return {};
}

// The rows of `prefix` that `due` chooses, at most `limit`.
template <class Due>
MailboxResult<std::vector<Doomed>> find_doomed(const Store& store, std::string prefix, Due due) {
  std::vector<Doomed> found;
  TRY_VOID(store.scan_prefix(std::move(prefix), [&](const storage::Row& row) {
    if (auto blob = due(row)) found.push_back({row.key, row.value, std::move(*blob)});
    return found.size() < records_per_commit;
  }));
  return found;
}

std::optional<storage::BlobId> body_of_expunged(const storage::Row& row) {
  const auto record = ExpungedRow::decode(row.value);
  return record ? std::optional(record->message.blob) : std::nullopt;
}

std::optional<storage::BlobId> body_of_message(const storage::Row& row) {
  const auto record = MessageRow::decode(row.value);
  return record ? std::optional(record->blob) : std::nullopt;
}

}  // namespace

// One account's housekeeping on its way.
class Collection {
 public:
  Collection(const Store& store, const Options& options, WallTime now) : store_(store), options_(options), now_(now) {}

  MailboxResult<> finish_erasures() {
    std::vector<storage::BlobId> blobs;
    TRY_VOID(store_.scan_prefix("e", [&](const storage::Row& row) {
      blobs.emplace_back(row.key.substr(1));
      return blobs.size() < records_per_commit;
    }));
    return erase_bodies(store_, blobs);
  }

  MailboxResult<> take_expunged() {
    const auto before = now_ - std::chrono::duration_cast<std::chrono::microseconds>(options_.keep_expunged);
    return take([&] {
      return find_doomed(store_, "x", [&](const storage::Row& row) {
        const auto record = ExpungedRow::decode(row.value);
        return record && record->at <= before ? std::optional(record->message.blob) : std::nullopt;
      });
    });
  }

  MailboxResult<> take_deleted_mailboxes() {
    std::vector<MailboxId> garbage;
    TRY_VOID(store_.scan_prefix("g", [&](const storage::Row& row) {
      garbage.emplace_back(static_cast<std::uint32_t>(keys::big_endian(std::string_view(row.key).substr(1))));
      return true;
    }));
    for (const MailboxId id : garbage) {
      TRY_VOID(take([&] { return find_doomed(store_, keys::rows('m', id), body_of_message); }));
      TRY_VOID(take([&] { return find_doomed(store_, keys::rows('x', id), body_of_expunged); }));
      Batch batch;
      for (const char kind : {'f', 'm', 'x', 'c', 't', 'k', 'g'})
        batch.emplace_back(storage::EraseRange{keys::rows(kind, id), keys::after(keys::rows(kind, id))});
      TRY_VOID(store_.commit(std::move(batch), Durability::Flushed));
    }
    return {};
  }

  MailboxResult<> shorten_logs() {
    std::vector<MailboxId> mailboxes;
    TRY_VOID(store_.scan_prefix("b", [&](const storage::Row& row) {
      mailboxes.emplace_back(static_cast<std::uint32_t>(keys::big_endian(std::string_view(row.key).substr(1))));
      return true;
    }));
    for (const MailboxId id : mailboxes) TRY_VOID(shorten_log(id));
    return {};
  }

  [[nodiscard]] Mailboxes::Collected collected() const { return collected_; }

 private:
  template <class Find>
  MailboxResult<> take(Find find) {
    for (;;) {
      TRY(doomed, find());
      if (doomed.empty()) return {};
      TRY(blobs, forget_records(store_, doomed, {}));
      TRY_VOID(erase_bodies(store_, blobs));
      collected_.records += doomed.size();
      collected_.bodies += blobs.size();
    }
  }

  MailboxResult<> shorten_log(MailboxId id) {
    const auto gone_key = keys::counter(id, keys::Counter::Gone);
    TRY(gone, store_.count(gone_key));
    if (gone <= options_.keep_expunge_log + options_.keep_expunge_log / 4) return {};
    auto excess = std::min<std::uint64_t>(gone - options_.keep_expunge_log, 5'000);
    Batch batch;
    std::int64_t dropped = 0;
    ModSeq last{};
    TRY_VOID(store_.scan_prefix(keys::changes(id), [&](const storage::Row& row) {
      if (row.value != change_value(ChangeKind::Expunged)) return true;
      batch.emplace_back(storage::Erase{row.key});
      ++dropped;
      last = keys::modseq_of(row.key);
      return --excess > 0;
    }));
    const auto floor_key = keys::counter(id, keys::Counter::Floor);
    TRY(floor, store_.get(floor_key));
    expect(batch, gone_key, keys::count_value(gone));  // one shortening at a time
    batch.emplace_back(storage::Add{gone_key, -dropped});
    batch.emplace_back(storage::Put{floor_key, keys::count_value(std::max(keys::count_of(floor), last.value()))});
    TRY_VOID(store_.commit(std::move(batch), Durability::Lazy));
    return {};
  }

  const Store& store_;
  const Options& options_;
  WallTime now_;
  Mailboxes::Collected collected_;
};

MailboxResult<Mailboxes::Collected> Mailboxes::collect_expunged(AccountId account, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  Collection collection(store, core_->options, core_->clock.wall());
  const auto done = core_->with_retries(deadline, [&]() -> MailboxResult<> {
    TRY_VOID(collection.finish_erasures());
    TRY_VOID(collection.take_expunged());
    TRY_VOID(collection.take_deleted_mailboxes());
    return collection.shorten_logs();
  });
  auto collected = collection.collected();
  if (!done && done.error().kind != MailboxFailure::Busy) return failure(done.error());
  collected.more = !done;
  return collected;
}

}  // namespace hikyaku::mailboxes
