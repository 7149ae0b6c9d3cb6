#include "services/mailboxes/list.h"

#include <algorithm>

#include "services/mailboxes/names.h"

namespace hikyaku::mailboxes {

using storage::Erase;
using storage::Put;

MailboxResult<MailboxList> MailboxList::read(const Store& store) {
  MailboxList list;
  TRY(generation, store.get(keys::list_generation));
  TRY(last_mailbox, store.count(keys::last_mailbox));
  TRY(last_uid_validity, store.count(keys::last_uid_validity));
  list.generation_ = std::move(generation);
  list.last_mailbox_ = last_mailbox;
  list.last_uid_validity_ = last_uid_validity;
  bool unreadable = false;
  TRY_VOID(store.scan_prefix("b", [&](const storage::Row& row) {
    auto decoded = MailboxRow::decode(row.value);
    unreadable |= !decoded || row.key.size() != 5;
    if (unreadable) return false;
    const MailboxId id{static_cast<std::uint32_t>(keys::big_endian(std::string_view(row.key).substr(1)))};
    std::string name = decoded->name;
    list.entries_.insert_or_assign(std::move(name), Entry{id, std::move(*decoded)});
    return true;
  }));
  if (unreadable)
    return fail(MailboxFailure::Broken, "The list of mailboxes cannot be read; the operator should run the store check.");
  TRY_VOID(store.scan_prefix("s", [&](const storage::Row& row) {
    list.subscriptions_.emplace(row.key.substr(1));
    return true;
  }));
  return list;
}

const MailboxList::Entry* MailboxList::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

bool MailboxList::has_children(std::string_view name) const {
  // '/' sorts after many characters, so the children need not follow the name itself at once.
  const auto first = entries_.lower_bound(std::string(name) + hierarchy_separator);
  return first != entries_.end() && is_child_of(first->first, name);
}

MailboxInfo MailboxList::info(const Entry& entry) const {
  return {.id = entry.id,
          .name = entry.row.name,
          .uid_validity = entry.row.uid_validity,
          .special_use = entry.row.special_use,
          .selectable = entry.row.selectable,
          .subscribed = subscriptions_.contains(entry.row.name),
          .has_children = has_children(entry.row.name)};
}

void MailboxList::put(const Entry& entry) {
  changes_.emplace_back(Put{keys::mailbox(entry.id), entry.row.encode()});
  changes_.emplace_back(Put{keys::name(entry.row.name), NameRow{entry.id, entry.row.uid_validity, entry.row.selectable}.encode()});
  entries_.insert_or_assign(entry.row.name, entry);
}

void MailboxList::erase(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  changes_.emplace_back(Erase{keys::mailbox(found->second.id)});
  changes_.emplace_back(Erase{keys::name(name)});
  entries_.erase(found);
}

MailboxList::Entry MailboxList::make(std::string name, SpecialUse use, WallTime now, bool selectable) {
  // RFC 9051 §2.3.1.1: never the same UIDVALIDITY again for a name; ours never comes again in the account.
  const auto seconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  last_uid_validity_ = std::max(last_uid_validity_ + 1, seconds);
  numbers_changed_ = true;
  Entry entry{MailboxId{static_cast<std::uint32_t>(++last_mailbox_)},
              {std::move(name), UidValidity{static_cast<std::uint32_t>(last_uid_validity_)}, use, selectable}};
  put(entry);
  // RFC 7162 §3.1.2.1 gives an empty mailbox a HIGHESTMODSEQ of 1 at least: its first message must come after that.
  changes_.emplace_back(Put{keys::counter(entry.id, keys::Counter::ModSeq), keys::count_value(1)});
  return entry;
}

void MailboxList::make_parents(std::string_view name, WallTime now) {
  for (auto& parent : parents(name))
    if (!find(parent)) make(std::move(parent), SpecialUse::None, now, false);
}

void MailboxList::subscribe(std::string_view name, bool wanted) {
  if (wanted) {
    if (subscriptions_.emplace(name).second) changes_.emplace_back(Put{keys::subscription(name), ""});
  } else if (const auto found = subscriptions_.find(name); found != subscriptions_.end()) {
    subscriptions_.erase(found);
    changes_.emplace_back(Erase{keys::subscription(name)});
  }
}

Batch MailboxList::batch() && {
  Batch batch;
  batch.emplace_back(storage::ExpectValue{std::string(keys::list_generation), generation_});
  batch.emplace_back(Put{std::string(keys::list_generation), keys::count_value(keys::count_of(generation_) + 1)});
  if (numbers_changed_) {
    batch.emplace_back(Put{std::string(keys::last_mailbox), keys::count_value(last_mailbox_)});
    batch.emplace_back(Put{std::string(keys::last_uid_validity), keys::count_value(last_uid_validity_)});
  }
  batch.insert(batch.end(), std::make_move_iterator(changes_.begin()), std::make_move_iterator(changes_.end()));
  return batch;
}

}  // namespace hikyaku::mailboxes
