#include "services/directory/recipient_judgement.h"

#include <algorithm>

#include "services/directory/address_text.h"
#include "services/directory/mailing_list.h"

namespace hikyaku::directory {
namespace {

// What a hold can see of a recipient before its message is there. An alias of several targets has no one destination: its
// copies meet the holds when they are made.
struct HeldQuestion {
  std::string destination, sender, sent_by, mailbox_of;

  HeldQuestion(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const Resolution& found)
      : sender(request.sender.text()) {
    if (const auto* account = snapshot.account(request.account)) sent_by = account->address.text();
    if (!found.lists.empty()) return;  // likewise
    if (found.local.size() == 1 && found.remote.empty()) {
      mailbox_of = found.local.front().address.text();
      destination = "local:" + found.local.front().address.domain;
    } else if (found.local.empty()) {
      destination = key_of(snapshot, found.remote.size() == 1 ? found.remote.front() : request.recipient, request.sender);
    }
  }

  static std::string key_of(const Snapshot& snapshot, const Address& address, const ReversePath& sender) {
    const auto route = snapshot.route(address, sender).route;
    if (!route) return "mx:" + address.domain;
    std::string key = "host:";
    for (const auto& host : route->hosts) key += (key.size() > 5 ? " " : "") + host.name + ':' + std::to_string(host.port);
    return key;
  }
};

// An address that several share is taken: what it leads to is judged when the copies are made.
void judge_post(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const Resolution& found, const std::vector<io::IpNetwork>& relay_networks, RecipientAnswer& answer) {
  if (found.lists.size() != 1 || !found.local.empty() || !found.remote.empty()) return;
  const auto address = parse_address(found.lists.front());
  const auto* list = address ? snapshot.list(*address) : nullptr;
  if (list == nullptr || list->posting == Posting::Anyone) return;
  answer.holds_for = RecipientAnswer::HoldsFor::ThisSender;
  const auto client = io::IpAddress::parse(request.client_address);
  const bool known = request.account != AccountId{} || snapshot.network(request.client_address).relay == Enabled::Yes ||
                     (client && std::ranges::any_of(relay_networks, [&](const auto& network) { return network.contains(*client); }));
  if (directory::judge_post(snapshot, *list, request.sender, known ? SenderIs::Known : SenderIs::Claimed) != PostVerdict::Refused) return;
  answer.kind = RecipientKind::MayNotPost;
  answer.held = refusal_of_post(*list);
}

// One mailbox that is full refuses the recipient. An alias of several targets is taken: each copy meets its own quota.
void judge_room(const Snapshot& snapshot, const Resolution& found, QuotaReader& quotas, RecipientAnswer& answer) {
  if (found.kind != RecipientKind::Local || found.local.size() != 1 || !found.remote.empty() || !found.lists.empty()) return;
  // What a forward may take away needs no room here; delivery meets the quota of the copy that stays.
  if (const auto* forward = snapshot.forward(found.local.front().account); forward != nullptr && forward->keep == KeepCopy::No) return;
  const auto* account = snapshot.account(found.local.front().account);
  if (!account || (account->quota_octets == 0 && account->quota_messages == 0)) return;
  const auto used = quotas.read(account->id, std::chrono::steady_clock::now());
  if (!used) return;
  const bool full = (account->quota_octets != 0 && used->octets >= account->quota_octets) ||
                    (account->quota_messages != 0 && used->messages >= account->quota_messages);
  if (full) answer.kind = RecipientKind::OverQuota;
  if (account->quota_octets != 0) answer.room_octets = account->quota_octets - std::min(used->octets, account->quota_octets);
}

// By the rules of who sends, those of all accounts, and those of whose mailbox it is. An address that several share is taken: delivery is too late to refuse.
void judge_rules(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const Resolution& found, RecipientAnswer& answer) {
  if (snapshot.contents().account_rules.empty()) return;
  using RuledOut = RecipientAnswer::RuledOut;
  const auto now = time_of_week(SystemClock{}.wall());
  const auto rule_out = [&answer](RuledOut why, const std::string& by) {
    if (answer.ruled_out == RuledOut::No) answer.ruled_out = why, answer.ruled_by = by;
  };
  const auto limit = [](auto& most, auto other) {
    if (other != 0) most = most == 0 ? other : std::min(most, other);
  };
  const bool one = found.kind == RecipientKind::Local && found.local.size() == 1 && found.remote.empty() && found.lists.empty();
  const auto* of_all = snapshot.account_rules(AccountId{});
  const auto* of_sender = request.account == AccountId{} ? nullptr : snapshot.account_rules(request.account);
  for (const auto* rules : {of_sender, request.account == AccountId{} ? nullptr : of_all}) {
    if (rules == nullptr) continue;
    if (!in_hours(rules->hours_out, now)) rule_out(RuledOut::HoursOut, rules->hours_out);
    if (const auto* row = refusing_destination(*rules, request.recipient)) rule_out(RuledOut::Destination, row->who);
    limit(answer.most_octets, rules->most_octets_out);
    limit(answer.most_recipients, rules->most_recipients);
  }
  for (const auto* rules : {one ? snapshot.account_rules(found.local.front().account) : nullptr, one ? of_all : nullptr}) {
    if (rules == nullptr) continue;
    if (!in_hours(rules->hours_in, now)) rule_out(RuledOut::HoursIn, rules->hours_in);
    if (const auto* row = refusing_sender(*rules, request.sender, request.client_address)) rule_out(RuledOut::Sender, row->who);
    limit(answer.most_octets, rules->most_octets_in);
  }
  // By the hour, by the sender, by the client: nobody else's answer.
  answer.holds_for = RecipientAnswer::HoldsFor::ThisSender;
}

// A user of an inner server, by its domain's check.
void judge_inner(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const Resolution& found, RecipientAnswer& answer) {
  using OnInner = RecipientAnswer::OnInnerServer;
  const auto* domain = found.kind == RecipientKind::Relay ? snapshot.domain(request.recipient.domain) : nullptr;
  if (domain == nullptr || domain->recipients == RecipientCheck::Any) return;
  if (domain->recipients == RecipientCheck::List) {
    answer.on_inner = snapshot.is_relay_recipient(request.recipient) ? OnInner::Listed : OnInner::NotListed;
    return;
  }
  answer.on_inner = OnInner::Ask;
  const auto now = SystemClock{}.wall();
  const auto& holds = snapshot.contents().holds;
  if (std::ranges::none_of(holds, [&](const Hold& hold) { return hold.runs(now); })) return;
  const HeldQuestion asked(snapshot, request, found);
  if (std::ranges::any_of(holds, [&](const Hold& hold) { return hold.runs(now) && holds_back(hold, domain->name, asked.destination); })) answer.on_inner = OnInner::AskHeld;
}

}  // namespace

RecipientAnswer judge_recipient(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const RecipientJudging& by) {
  if (const auto sender = rewritten_sender(snapshot, request.recipient, by.srs_secrets, SystemClock{}.wall()))
    return {*sender ? RecipientKind::Local : RecipientKind::UnknownUser, snapshot.version()};
  constexpr std::size_t enough = 2;  // whether there is one, and no other
  const auto found = snapshot.resolve(request.recipient, enough);
  RecipientAnswer answer{found.kind, snapshot.version()};
  judge_room(snapshot, found, by.quotas, answer);
  judge_inner(snapshot, request, found, answer);
  judge_rules(snapshot, request, found, answer);
  judge_post(snapshot, request, found, by.relay_networks, answer);
  if (answer.kind == RecipientKind::MayNotPost) return answer;
  const auto now = SystemClock{}.wall();
  const auto refuses = [&](const Hold& hold) { return hold.action == HoldAction::Refuse && hold.runs(now); };
  const auto& holds = snapshot.contents().holds;
  if (std::ranges::none_of(holds, refuses)) return answer;
  const HeldQuestion asked(snapshot, request, found);
  const HoldFacts facts{request.recipient.domain, asked.destination, asked.sender, asked.sent_by, asked.mailbox_of};
  for (const auto& hold : holds) {
    if (!refuses(hold)) continue;
    if (hold.scope == HoldScope::Sender || hold.scope == HoldScope::Account || hold.scope == HoldScope::SentBy) answer.holds_for = RecipientAnswer::HoldsFor::ThisSender;
    if (answer.held.empty() && selects(hold, facts)) answer.held = reply_words(hold);
  }
  return answer;
}

}  // namespace hikyaku::directory
