// APPEND, several messages as one, and the quota.
#include "apps/imap_store/requests.h"
#include "apps/imap_store/translate.h"

namespace hikyaku::apps::imap_store {

using imap::StoreAnswer;

namespace {

constexpr std::size_t messages_an_append = 100;
constexpr std::uint64_t largest_in_memory_octets = 1 << 20;

}  // namespace

void Requests::drop_appends() {
  for (const auto& message : pending_) {
    shared_.append_octets -= message.announced_octets;
    if (!message.body.in_file()) shared_.append_memory_octets -= message.announced_octets;
  }
  pending_.clear();
  pending_.shrink_to_fit();
}

PendingBody Requests::place_for(std::uint64_t octets) {
  const bool fits = octets <= largest_in_memory_octets &&
                    shared_.append_memory_octets + octets <= shared_.append_memory_budget_octets;
  PendingBody body = fits || shared_.append_folder.empty() ? PendingBody() : PendingBody(shared_.append_folder);
  if (!body.in_file()) shared_.append_memory_octets += octets;
  return body;
}

StoreAnswer Requests::answer(const imap::AppendStart& request) {
  const auto info = selectable(request.mailbox);
  if (!info) return to_trouble(info.error());
  const auto quota = shared_.quota(account_);
  if (quota.octets != 0 || quota.messages != 0) {
    const auto usage = shared_.mailboxes.usage(account_, deadline());
    if (!usage) return to_trouble(usage.error());
    // The commit decides; this only spares the client from sending what cannot be kept.
    const bool over = (quota.octets != 0 && usage->octets + request.octets > quota.octets) ||
                      (quota.messages != 0 && usage->messages + pending_.size() + 1 > quota.messages);
    if (over) return imap::Trouble{imap::TroubleKind::OverQuota, {}};
  }
  if (pending_.size() >= messages_an_append) return imap::Trouble{imap::TroubleKind::TooLarge, {}};
  if (shared_.append_octets + request.octets > shared_.append_budget_octets) {
    return imap::Trouble{imap::TroubleKind::InUse, "too many octets of APPEND are under way"};
  }
  shared_.append_octets += request.octets;
  pending_mailbox_ = request.mailbox;
  pending_.push_back({place_for(request.octets), request.flags, request.internal_date.value_or(WallTime{}), request.octets});
  return imap::Done{};
}

StoreAnswer Requests::answer(const imap::AppendData& request) {
  if (pending_.empty()) return imap::Trouble{imap::TroubleKind::Unavailable, {}};
  if (!pending_.back().body.append(request.octets))
    return imap::Trouble{imap::TroubleKind::Unavailable, "a message of an APPEND cannot be written to the disk"};
  return imap::Done{};
}

StoreAnswer Requests::answer(const imap::AppendAbort&) {
  drop_appends();
  return imap::Done{};
}

StoreAnswer Requests::answer(const imap::AppendCommit&) {
  std::vector<mailboxes::NewMessage> messages;
  for (auto& each : pending_) {
    mailboxes::NewMessage message;
    if (!each.body.view(message.body))
      return drop_appends(), imap::Trouble{imap::TroubleKind::Unavailable, "a message of an APPEND cannot be read again"};
    message.flags = to_store(each.flags);
    message.internal_date = each.internal_date;
    messages.push_back(std::move(message));
  }
  const auto info = selectable(pending_mailbox_);
  if (!info) return drop_appends(), to_trouble(info.error());
  const auto appended = shared_.mailboxes.append(account_, info->id, messages, shared_.quota(account_), deadline());
  drop_appends();
  if (!appended) return to_trouble(appended.error());
  imap::Appended answer;
  for (const auto& each : *appended) {
    answer.uid_validity = each.uid_validity.value();
    answer.uids.add(each.uid.value());
  }
  return answer;
}

StoreAnswer Requests::answer(const imap::GetQuota&) {
  const auto usage = shared_.mailboxes.usage(account_, deadline());
  if (!usage) return to_trouble(usage.error());
  const auto limit = shared_.quota(account_);
  imap::Quota quota;
  quota.used_octets = usage->octets;
  quota.used_messages = usage->messages;
  if (limit.octets != 0) quota.limit_octets = limit.octets;
  if (limit.messages != 0) quota.limit_messages = limit.messages;
  return quota;
}

}  // namespace hikyaku::apps::imap_store
