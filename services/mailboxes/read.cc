// Reading messages and keeping what was computed of them.
#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

namespace {

std::unexpected<MailboxError> no_such_message() {
  return fail(MailboxFailure::NoSuchMessage, "This message does not exist any more; list the mailbox again.");
}

}  // namespace

MailboxResult<MessageRecord> Mailboxes::message(AccountId account, MailboxId mailbox, Uid uid, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(flags, store.flags_of(mailbox, {&uid, 1}));
  TRY(row, store.message(mailbox, uid));
  if (!flags.empty() && row) return to_record(uid, flags.front().flags, std::move(*row));
  TRY(octets, store.get(keys::row('x', mailbox, uid)));
  auto expunged = octets ? ExpungedRow::decode(*octets) : std::nullopt;
  if (!expunged) return no_such_message();
  auto record = to_record(uid, expunged->flags, std::move(expunged->message));
  record.expunged = true;
  return record;
}

MailboxResult<std::vector<MessageRecord>> Mailboxes::messages(AccountId account, MailboxId mailbox, Uid first, Uid last,
                                                              std::uint32_t limit, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  std::vector<MessageRecord> records;
  std::vector<std::pair<Uid, FlagsRow>> flags;
  if (limit == 0 || last < first) return records;
  TRY_VOID(store.scan(keys::row('f', mailbox, first), keys::row('f', mailbox, last) + '\0', [&](const storage::Row& row) {
    if (auto decoded = FlagsRow::decode(row.value)) flags.emplace_back(keys::uid_of(row.key), std::move(*decoded));
    return flags.size() < limit;
  }));
  if (flags.empty()) return records;
  auto next = flags.begin();
  TRY_VOID(store.scan(keys::row('m', mailbox, flags.front().first), keys::row('m', mailbox, flags.back().first) + '\0',
                      [&](const storage::Row& row) {
                        const Uid uid = keys::uid_of(row.key);
                        while (next != flags.end() && next->first < uid) ++next;
                        auto message = MessageRow::decode(row.value);
                        if (message && next != flags.end() && next->first == uid)
                          records.push_back(to_record(uid, next->second, std::move(*message)));
                        return next != flags.end();
                      }));
  return records;
}

MailboxResult<std::string> Mailboxes::read_body(AccountId account, const MessageRecord& message, std::uint64_t offset,
                                                std::uint64_t octets, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  auto read = store.engine().read_blob(store.partition(), message.blob, offset, octets, deadline);
  if (read) return std::move(*read);
  if (read.error().kind == storage::StoreFailure::NotFound) return no_such_message();
  return failure(to_mailbox_error(read.error()));
}

MailboxResult<> Mailboxes::save_parsed(AccountId account, MailboxId mailbox, Uid uid, std::string_view parsed,
                                       Deadline deadline) {
  if (parsed.size() > core_->options.max_parsed_octets) return {};
  const Store store(core_->engine, account, deadline);
  const auto key = keys::row('m', mailbox, uid);
  TRY(octets, store.get(key));
  auto row = octets ? MessageRow::decode(*octets) : std::nullopt;
  if (!row || row->parsed == parsed) return {};
  row->parsed = parsed;
  Batch batch;
  expect(batch, key, *octets);
  batch.emplace_back(storage::Put{key, row->encode()});
  // Lazy: what a power cut takes is computed again.
  const auto saved = store.commit(std::move(batch), storage::Durability::Lazy);
  if (!saved && saved.error().kind != MailboxFailure::Busy) return failure(saved.error());
  return {};
}

MailboxResult<std::optional<std::string>> Mailboxes::search_text(AccountId account, MailboxId mailbox, Uid uid,
                                                                 Deadline deadline) {
  return Store(core_->engine, account, deadline).get(keys::row('t', mailbox, uid));
}

MailboxResult<> Mailboxes::save_search_text(AccountId account, MailboxId mailbox, Uid uid, std::string_view text,
                                            Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  const auto most = std::min<std::size_t>(core_->options.max_text_octets, core_->engine.limits().value_octets);
  if (text.size() > most) {
    text = text.substr(0, most);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.remove_suffix(1);  // whole characters
    if (!text.empty() && (text.back() & 0x80) != 0) text.remove_suffix(1);
  }
  TRY(flags, store.flags_of(mailbox, {&uid, 1}));
  if (flags.empty()) return {};
  Batch batch;
  expect(batch, keys::row('f', mailbox, uid), flags.front().flags_octets);  // not beside a message that has gone
  batch.emplace_back(storage::Put{keys::row('t', mailbox, uid), std::string(text)});
  const auto saved = store.commit(std::move(batch), storage::Durability::Lazy);
  if (!saved && saved.error().kind != MailboxFailure::Busy) return failure(saved.error());
  return {};
}

}  // namespace hikyaku::mailboxes
