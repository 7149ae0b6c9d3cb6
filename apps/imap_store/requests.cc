// Mailboxes: the list, and one of them. Messages are in message_requests.cc, APPEND and quota in append_requests.cc.
#include "apps/imap_store/requests.h"

#include <algorithm>
#include <set>

#include "apps/imap_store/translate.h"

namespace hikyaku::apps::imap_store {

using imap::StoreAnswer;
using mailboxes::MailboxId;
using mailboxes::MailboxResult;

namespace {

constexpr std::uint32_t changes_a_page = 2'000;

MailboxId id_of(imap::MailboxKey key) { return MailboxId{static_cast<std::uint32_t>(key)}; }
imap::MailboxKey key_of(MailboxId id) { return id.value(); }

StoreAnswer done_or_trouble(const MailboxResult<>& result) {
  if (!result) return to_trouble(result.error());
  return imap::Done{};
}

// INBOX that was never used stands for an account that was never used.
std::vector<std::string> keywords_of(const mailboxes::Snapshot& snapshot) {
  std::set<std::string> keywords;
  for (const auto& set : snapshot.keyword_sets) keywords.insert(set.begin(), set.end());
  return {keywords.begin(), keywords.end()};
}

}  // namespace

MailboxResult<> Requests::prepare() { return shared_.mailboxes.create_account(account_, deadline()); }

StoreAnswer Requests::carry_out(const imap::StoreRequest& request) {
  return std::visit([this](const auto& each) { return answer(each); }, request);
}

void Requests::release_memory() { reading_.reset(); }

MailboxResult<mailboxes::MailboxInfo> Requests::selectable(std::string_view name) {
  auto info = shared_.mailboxes.find(account_, name, deadline());
  if (info && !info->selectable) return failure(mailboxes::MailboxError{mailboxes::MailboxFailure::NotSelectable, {}});
  return info;
}

StoreAnswer Requests::answer(const imap::ListMailboxes&) {
  TRY_STORE(infos, shared_.mailboxes.list(account_, deadline()));
  TRY_STORE(subscribed, shared_.mailboxes.subscriptions(account_, deadline()));
  imap::MailboxList list;
  std::set<std::string_view> names;
  for (const auto& info : infos) {
    names.insert(info.name);
    list.mailboxes.push_back({info.name, key_of(info.id), to_imap(info.special_use), true, info.selectable, info.subscribed});
  }
  for (const auto& name : subscribed) {
    if (!names.contains(name)) list.mailboxes.push_back({name, 0, imap::UseNone, false, false, true});
  }
  return list;
}

StoreAnswer Requests::answer(const imap::GetStatus& request) {
  TRY_STORE(info, selectable(request.name));
  TRY_STORE(status, shared_.mailboxes.status(account_, info.id, deadline()));
  imap::MailboxStatus answer;
  answer.key = key_of(info.id);
  answer.messages = status.exists;
  answer.recent = status.recent;
  answer.unseen = status.unseen;
  answer.deleted = status.deleted;
  answer.uid_next = status.uid_next.value();
  answer.uid_validity = status.uid_validity.value();
  answer.size_octets = status.octets;
  answer.highest_modseq = status.highest_modseq.value();
  return answer;
}

StoreAnswer Requests::answer(const imap::CreateMailbox& request) {
  const auto use = to_store_use(request.special_use);
  if (!use) return imap::Trouble{imap::TroubleKind::UseTaken, {}};
  TRY_STORE(info, shared_.mailboxes.create(account_, request.name, *use, deadline()));
  return imap::Created{key_of(info.id)};
}

StoreAnswer Requests::answer(const imap::DeleteMailbox& request) {
  return done_or_trouble(shared_.mailboxes.remove(account_, request.name, deadline()));
}

StoreAnswer Requests::answer(const imap::RenameMailbox& request) {
  return done_or_trouble(shared_.mailboxes.rename(account_, request.from, request.to, deadline()));
}

StoreAnswer Requests::answer(const imap::Subscribe& request) {
  using Wanted = mailboxes::Mailboxes::Subscription;
  const auto wanted = request.state == imap::Subscription::On ? Wanted::Yes : Wanted::No;
  return done_or_trouble(shared_.mailboxes.subscribe(account_, request.name, wanted, deadline()));
}

StoreAnswer Requests::answer(const imap::OpenMailbox& request) {
  using Recent = mailboxes::Mailboxes::RecentMessages;
  TRY_STORE(info, selectable(request.name));
  const auto recent = request.access == imap::Access::ReadWrite ? Recent::Claim : Recent::Leave;
  TRY_STORE(snapshot, shared_.mailboxes.open(account_, info.id, recent, deadline()));
  imap::Opened opened;
  opened.key = key_of(info.id);
  opened.access = request.access;
  opened.uid_validity = snapshot.status.uid_validity.value();
  opened.uid_next = snapshot.status.uid_next.value();
  opened.highest_modseq = snapshot.valid_at.value();
  opened.keywords = keywords_of(snapshot);
  opened.recent_from_uid = snapshot.first_recent.value();
  imap::NumberSet uids;
  for (const auto& entry : snapshot.entries) {
    uids.add(entry.uid.value());
    if (opened.first_unseen_uid == 0 && !(entry.system_flags & mailboxes::Seen)) opened.first_unseen_uid = entry.uid.value();
  }
  opened.uids = uids.ranges();
  seen_version_ = {};
  return opened;
}

MailboxResult<Requests::Live> Requests::live_uids(MailboxId mailbox) {
  TRY(snapshot, shared_.mailboxes.open(account_, mailbox, mailboxes::Mailboxes::RecentMessages::Leave, deadline()));
  Live live{{}, snapshot.status.uid_next.value()};
  for (const auto& entry : snapshot.entries) live.uids.add(entry.uid.value());
  return live;
}

namespace {

// Everything below `uid_next` that is not in `live`.
imap::NumberSet gaps_of(const imap::NumberSet& live, std::uint32_t uid_next) {
  imap::NumberSet gaps;
  std::uint32_t from = 1;
  for (const auto& range : live.ranges()) {
    if (range.first >= uid_next) break;
    if (range.first > from) gaps.add_range(from, range.first - 1);
    from = range.last + 1;
  }
  if (from < uid_next) gaps.add_range(from, uid_next - 1);
  return gaps;
}

// In both; a client may name four billion in one range.
imap::NumberSet common(const imap::NumberSet& some, const imap::NumberSet& others) {
  imap::NumberSet both;
  for (auto one = some.ranges().begin(), other = others.ranges().begin(); one != some.ranges().end() && other != others.ranges().end();) {
    const auto first = std::max(one->first, other->first), last = std::min(one->last, other->last);
    if (first <= last) both.add_range(first, last);
    if (one->last < other->last) ++one;
    else ++other;
  }
  return both;
}

}  // namespace

StoreAnswer Requests::answer(const imap::Refresh& request) {
  const auto mailbox = id_of(request.mailbox);
  imap::Changes changes;
  changes.highest_modseq = request.since_modseq;
  changes.uid_next = request.uid_next;
  // Read first: what is committed after it is found by the next Refresh.
  TRY_STORE(version, shared_.mailboxes.version(account_, deadline()));
  const bool seen = seen_version_ == version && seen_mailbox_ == mailbox && seen_modseq_ == request.since_modseq;
  if (seen && version.value() != 0) return changes;
  std::vector<std::uint32_t> arrived;
  for (bool more = true; more;) {
    TRY_STORE(page, shared_.mailboxes.changes_since(account_, mailbox, mailboxes::ModSeq{changes.highest_modseq},
                                                    changes_a_page, deadline()));
    if (page.mailbox_gone) return imap::Trouble{imap::TroubleKind::Gone, {}};
    if (!page.complete) {
      TRY_STORE(live, live_uids(mailbox));
      changes.expunged = gaps_of(live.uids, request.uid_next);
    }
    for (const auto& message : page.messages) {
      const auto uid = message.uid.value();
      if (message.expunged) {
        changes.expunged.add(uid);
      } else if (uid >= request.uid_next) {
        arrived.push_back(uid);
        if (!message.flags.keywords.empty()) changes.changed.push_back({uid, message.modseq.value(), to_imap(message.flags)});
      } else {
        changes.changed.push_back({uid, message.modseq.value(), to_imap(message.flags)});
      }
    }
    changes.highest_modseq = std::max(changes.highest_modseq, page.up_to.value());
    more = page.more;
  }
  // A message may be told twice when pages are cut (first new, then with other flags), and be expunged after that.
  std::ranges::sort(arrived);
  imap::NumberSet there;
  for (const auto uid : arrived) {
    if (!changes.expunged.contains(uid)) there.add(uid);
  }
  changes.arrived = there.ranges();
  if (!arrived.empty()) {
    changes.uid_next = arrived.back() + 1;
    changes.recent_from_uid = there.smallest();
    if (request.access == imap::Access::ReadWrite) {
      TRY_STORE(first_recent, shared_.mailboxes.claim_recent(account_, mailbox, deadline()));
      changes.recent_from_uid = first_recent.value();
    }
  }
  seen_version_ = version;
  seen_mailbox_ = mailbox;
  seen_modseq_ = changes.highest_modseq;
  return changes;
}

StoreAnswer Requests::answer(const imap::FindVanished& request) {
  const auto mailbox = id_of(request.mailbox);
  imap::Vanished vanished;
  mailboxes::ModSeq since{request.since_modseq};
  for (bool more = true; more;) {
    TRY_STORE(page, shared_.mailboxes.changes_since(account_, mailbox, since, changes_a_page, deadline()));
    if (page.mailbox_gone) return imap::Trouble{imap::TroubleKind::Gone, {}};
    if (!page.complete) {
      TRY_STORE(live, live_uids(mailbox));
      vanished.uids = common(gaps_of(live.uids, live.uid_next), request.among);
      return vanished;
    }
    for (const auto& message : page.messages) {
      if (message.expunged && request.among.contains(message.uid.value())) vanished.uids.add(message.uid.value());
    }
    since = page.up_to;
    more = page.more;
  }
  return vanished;
}

}  // namespace hikyaku::apps::imap_store
