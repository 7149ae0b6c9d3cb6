// Mailboxes: the account's store as a whole.
#include "services/mailboxes/mailboxes.h"

#include "services/mailboxes/names.h"
#include "services/mailboxes/number_reserve.h"
#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

using storage::Durability;

Mailboxes::Mailboxes(storage::Engine& engine, const Clock& clock, Options options)
    : core_(new Core{engine, clock, options, std::make_unique<NumberReserve>(options.boot_id)}) {}
Mailboxes::~Mailboxes() = default;

MailboxResult<> Mailboxes::create_account(AccountId account, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(there, store.get(keys::account));
  if (there) return {};
  constexpr std::pair<std::string_view, SpecialUse> boxes[] = {
      {inbox, SpecialUse::None},     {"Sent", SpecialUse::Sent}, {"Drafts", SpecialUse::Drafts},
      {"Trash", SpecialUse::Trash}, {"Junk", SpecialUse::Junk}, {"Archive", SpecialUse::Archive}};
  const auto validity = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(core_->clock.wall().time_since_epoch()).count());
  Batch batch;
  expect_absent(batch, std::string(keys::account));
  batch.emplace_back(storage::Put{std::string(keys::account), std::string(1, '\1')});
  std::uint32_t number = 0;
  for (const auto& [name, use] : boxes) {
    const MailboxId id{++number};
    batch.emplace_back(storage::Put{keys::mailbox(id), MailboxRow{std::string(name), UidValidity{validity}, use, true}.encode()});
    batch.emplace_back(storage::Put{keys::name(name), NameRow{id, UidValidity{validity}, true}.encode()});
    batch.emplace_back(storage::Put{keys::subscription(name), ""});
    batch.emplace_back(storage::Put{keys::counter(id, keys::Counter::ModSeq), keys::count_value(1)});  // as MailboxList::make()
  }
  batch.emplace_back(storage::Put{std::string(keys::last_uid_validity), keys::count_value(validity)});
  batch.emplace_back(storage::Put{std::string(keys::last_mailbox), keys::count_value(number)});
  batch.emplace_back(storage::Put{std::string(keys::list_generation), keys::count_value(1)});
  const auto made = store.commit(std::move(batch), Durability::Flushed);
  if (made) return {};
  // Somebody else may have made it at the same time.
  TRY(now_there, store.get(keys::account));
  if (now_there) return {};
  return failure(made.error());
}

MailboxResult<> Mailboxes::remove_account(AccountId account, Deadline deadline) {
  const auto erased = core_->engine.erase_partition(storage::PartitionName{account_partition(account)}, deadline);
  if (!erased && erased.error().kind != storage::StoreFailure::NotFound) return failure(to_mailbox_error(erased.error()));
  return {};
}

MailboxResult<QuotaUsage> Mailboxes::usage(AccountId account, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(octets, store.count(keys::used_octets));
  TRY(messages, store.count(keys::used_messages));
  return QuotaUsage{octets, messages};
}

MailboxResult<storage::Version> Mailboxes::version(AccountId account, Deadline deadline) {
  auto version = core_->engine.version(storage::PartitionName{account_partition(account)}, deadline);
  if (!version) return failure(to_mailbox_error(version.error()));
  return *version;
}

std::unique_ptr<storage::Watch> Mailboxes::watch(AccountId account, storage::WatchCallback changed) {
  return core_->engine.watch(storage::PartitionName{account_partition(account)}, std::move(changed));
}

void Mailboxes::rest(AccountId account) { core_->engine.rest(storage::PartitionName{account_partition(account)}); }

MailboxResult<> Mailboxes::flush(AccountId account, Deadline deadline) {
  const auto flushed = core_->engine.flush(storage::PartitionName{account_partition(account)}, deadline);
  if (!flushed) return failure(to_mailbox_error(flushed.error()));
  return {};
}

}  // namespace hikyaku::mailboxes
