// LIST, CREATE, DELETE, RENAME, SUBSCRIBE: RFC 9051 §6.3.4 - §6.3.9.
#include "services/mailboxes/list.h"
#include "services/mailboxes/names.h"

namespace hikyaku::mailboxes {

using storage::Durability;

namespace {

std::unexpected<MailboxError> no_such(std::string_view name) {
  return fail(MailboxFailure::NoSuchMailbox, "There is no mailbox \"" + std::string(name) + "\"; create it first.");
}

std::unexpected<MailboxError> exists(std::string_view name) {
  return fail(MailboxFailure::AlreadyExists, "There is a mailbox \"" + std::string(name) + "\" already; choose another name.");
}

MailboxResult<> commit_list(const Store& store, MailboxList list, std::size_t max_mailboxes) {
  if (list.entries().size() > max_mailboxes)
    return fail(MailboxFailure::LimitReached, "This account has as many mailboxes as it may have; delete some first.");
  auto batch = std::move(list).batch();
  if (batch.size() > store.engine().limits().batch_changes)
    return fail(MailboxFailure::LimitReached, "Too many mailboxes would change at once; do it for one child after the other.");
  TRY_VOID(store.commit(std::move(batch), Durability::Flushed));
  return {};
}

}  // namespace

MailboxResult<std::vector<MailboxInfo>> Mailboxes::list(AccountId account, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(list, MailboxList::read(store));
  if (list.entries().empty()) {
    TRY_VOID(create_account(account, deadline));
    TRY(made, MailboxList::read(store));
    list = std::move(made);
  }
  std::vector<MailboxInfo> infos;
  infos.reserve(list.entries().size());
  for (const auto& [name, entry] : list.entries()) infos.push_back(list.info(entry));
  return infos;
}

MailboxResult<MailboxInfo> Mailboxes::find(AccountId account, std::string_view name, Deadline deadline) {
  const Store store(core_->engine, account, deadline);
  TRY(normal, normal_name(name));
  TRY(row, store.name(normal));
  if (!row && normal == inbox) {
    TRY_VOID(create_account(account, deadline));
    TRY(made, store.name(normal));
    row = made;
  }
  if (!row) return no_such(normal);
  TRY(mailbox, store.mailbox(row->id));
  TRY(subscribed, store.get(keys::subscription(normal)));
  bool has_children = false;
  TRY_VOID(store.scan_prefix(keys::name(normal + hierarchy_separator), [&](const storage::Row&) {
    has_children = true;
    return false;
  }));
  return MailboxInfo{.id = row->id,
                     .name = normal,
                     .uid_validity = row->uid_validity,
                     .special_use = mailbox.second.special_use,
                     .selectable = row->selectable,
                     .subscribed = subscribed.has_value(),
                     .has_children = has_children};
}

MailboxResult<MailboxInfo> Mailboxes::create(AccountId account, std::string_view name, SpecialUse use, Deadline deadline) {
  TRY(normal, normal_name(name));
  TRY_VOID(create_account(account, deadline));
  return core_->with_retries(deadline, [&]() -> MailboxResult<MailboxInfo> {
    const Store store(core_->engine, account, deadline);
    TRY(list, MailboxList::read(store));
    const auto* old = list.find(normal);
    if (old && old->row.selectable) return exists(normal);
    list.make_parents(normal, core_->clock.wall());
    MailboxList::Entry entry;
    if (old) {
      entry = *old;
      entry.row.selectable = true;
      entry.row.special_use = use;
      list.put(entry);
    } else {
      entry = list.make(normal, use, core_->clock.wall(), true);
    }
    const auto info = list.info(entry);
    TRY_VOID(commit_list(store, std::move(list), core_->options.max_mailboxes));
    return info;
  });
}

MailboxResult<> Mailboxes::subscribe(AccountId account, std::string_view name, Subscription wanted, Deadline deadline) {
  TRY(normal, normal_name(name));
  TRY_VOID(create_account(account, deadline));
  return core_->with_retries(deadline, [&]() -> MailboxResult<> {
    const Store store(core_->engine, account, deadline);
    TRY(list, MailboxList::read(store));
    const bool yes = wanted == Subscription::Yes;
    if (list.subscriptions().contains(normal) == yes) return {};
    if (yes && list.subscriptions().size() >= core_->options.max_mailboxes)
      return fail(MailboxFailure::LimitReached, "This account has as many subscriptions as it may have; unsubscribe some first.");
    list.subscribe(normal, yes);
    return commit_list(store, std::move(list), core_->options.max_mailboxes);
  });
}

MailboxResult<std::vector<std::string>> Mailboxes::subscriptions(AccountId account, Deadline deadline) {
  TRY_VOID(create_account(account, deadline));
  const Store store(core_->engine, account, deadline);
  TRY(list, MailboxList::read(store));
  return std::vector<std::string>(list.subscriptions().begin(), list.subscriptions().end());
}

MailboxResult<> Mailboxes::remove(AccountId account, std::string_view name, Deadline deadline) {
  TRY(normal, normal_name(name));
  if (normal == inbox) return fail(MailboxFailure::Protected, "INBOX cannot be deleted; delete its messages instead.");
  auto removed = core_->with_retries(deadline, [&]() -> MailboxResult<> {
    const Store store(core_->engine, account, deadline);
    TRY(list, MailboxList::read(store));
    const auto* found = list.find(normal);
    if (!found) return no_such(normal);
    const auto entry = *found;
    const bool has_children = list.has_children(normal);
    if (has_children && !entry.row.selectable)
      return fail(MailboxFailure::HasChildren, "\"" + normal + "\" has mailboxes below it; delete those first.");
    list.erase(normal);
    if (has_children) list.make(normal, SpecialUse::None, core_->clock.wall(), false);
    auto batch = std::move(list).batch();
    // What it held leaves the quota now; its rows and bodies go afterwards, by collect_expunged().
    Tally tally;
    for (const auto which : {keys::Counter::Exists, keys::Counter::Octets}) {
      const auto key = keys::counter(entry.id, which);
      TRY(value, store.get(key));
      batch.emplace_back(storage::ExpectValue{key, value});
      (which == keys::Counter::Exists ? tally.exists : tally.octets) = -static_cast<std::int64_t>(keys::count_of(value));
    }
    finish_quota(batch, tally);
    batch.emplace_back(storage::Put{keys::garbage(entry.id), ""});
    TRY_VOID(store.commit(std::move(batch), Durability::Flushed));
    return {};
  });
  if (removed) (void)collect_expunged(account, deadline);  // what it leaves, the next one takes
  return removed;
}

namespace {

// RFC 9051 §6.3.6: the messages go to the new name, an empty INBOX stays, its children are not touched. The mailbox
// itself takes the new name, with its UIDs, and a new one becomes INBOX.
void rename_inbox(MailboxList& list, std::string_view to, WallTime now) {
  auto moved = *list.find(inbox);
  list.erase(inbox);
  moved.row.name = to;
  list.put(moved);
  list.make(std::string(inbox), SpecialUse::None, now, true);
}

void rename_with_children(MailboxList& list, std::string_view from, std::string_view to) {
  std::vector<MailboxList::Entry> moved;
  for (const auto& [name, entry] : list.entries())
    if (name == from || is_child_of(name, from)) moved.push_back(entry);
  std::vector<bool> subscribed;
  for (const auto& entry : moved) {
    subscribed.push_back(list.subscriptions().contains(entry.row.name));
    list.subscribe(entry.row.name, false);
    list.erase(entry.row.name);
  }
  for (std::size_t i = 0; i < moved.size(); ++i) {
    auto& entry = moved[i];
    entry.row.name = std::string(to) + entry.row.name.substr(from.size());
    list.put(entry);
    if (subscribed[i]) list.subscribe(entry.row.name, true);
  }
}

}  // namespace

MailboxResult<> Mailboxes::rename(AccountId account, std::string_view from, std::string_view to, Deadline deadline) {
  TRY(old_name, normal_name(from));
  TRY(new_name, normal_name(to));
  TRY_VOID(create_account(account, deadline));
  return core_->with_retries(deadline, [&]() -> MailboxResult<> {
    const Store store(core_->engine, account, deadline);
    TRY(list, MailboxList::read(store));
    if (!list.find(old_name)) return no_such(old_name);
    if (list.find(new_name)) return exists(new_name);
    if (is_child_of(new_name, old_name) && old_name != inbox)
      return fail(MailboxFailure::BadName, "A mailbox cannot be moved below itself; choose another name.");
    for (const auto& [name, entry] : list.entries())
      if (is_child_of(name, old_name) && new_name.size() + name.size() - old_name.size() > max_name_octets)
        return fail(MailboxFailure::BadName, "The name of a mailbox below would become too long; choose a shorter name.");
    list.make_parents(new_name, core_->clock.wall());
    if (old_name == inbox) rename_inbox(list, new_name, core_->clock.wall());
    else rename_with_children(list, old_name, new_name);
    return commit_list(store, std::move(list), core_->options.max_mailboxes);
  });
}

}  // namespace hikyaku::mailboxes
