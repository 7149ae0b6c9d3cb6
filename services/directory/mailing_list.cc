#include "services/directory/mailing_list.h"

#include <algorithm>

#include "services/directory/address_text.h"
#include "services/directory/sender_pattern.h"

namespace hikyaku::directory {

std::string list_role_address(std::string_view list, ListRole role) {
  const auto at = list.rfind('@');
  const std::string_view suffix = role == ListRole::Owner ? "-owner" : role == ListRole::Request ? "-request" : "-bounces";
  return std::string(list.substr(0, at)) + std::string(suffix) + std::string(list.substr(at));
}

std::string bounce_address(const MailingList& list) {
  return list.bounces.empty() ? list_role_address(list.address, ListRole::Bounces) : fold_pattern(list.bounces);
}

std::string list_id(const MailingList& list) {
  const auto at = list.address.rfind('@');
  std::string id = list.address.substr(0, at);
  // RFC 2919 §2: dot-atom-text only.
  std::ranges::replace_if(id, [](char c) { return c == ' ' || c == '<' || c == '>' || c == '@' || c == '"' || c == '(' || c == ')' || c == ',' || c == ';' || c == ':' || c == '\\' || c == '[' || c == ']'; }, '_');
  return id + '.' + list.address.substr(at + 1);
}

SenderIs sender_is(const Snapshot& directory, std::string_view account, std::string_view client_address) {
  // Only mail we generate has no client.
  if (!account.empty() || client_address.empty()) return SenderIs::Known;
  return directory.network(client_address).relay == Enabled::Yes ? SenderIs::Known : SenderIs::Claimed;
}

bool is_member(const MailingList& list, const Address& address) {
  const auto folded = fold(address);
  const auto found = std::ranges::lower_bound(list.members, folded, {}, [](const std::string& member) { return fold_pattern(member); });
  return found != list.members.end() && fold_pattern(*found) == folded;
}

PostVerdict judge_post(const Snapshot& directory, const MailingList& list, const ReversePath& sender, SenderIs known) {
  if (sender.is_null()) return PostVerdict::ToOwners;
  if (list.posting == Posting::Anyone) return PostVerdict::ToMembers;
  const auto otherwise = list.posting == Posting::Moderators ? PostVerdict::ToModerators : PostVerdict::Refused;
  const auto* domain = directory.domain(sender.address.domain);
  if (domain != nullptr && domain->kind != DomainKind::Relay && known == SenderIs::Claimed) return otherwise;
  // What another list of ours passes on comes from that list.
  ReversePath poster = sender;
  if (const auto* outer = directory.list_of_bounces(sender.address); outer != nullptr && known == SenderIs::Known)
    if (const auto address = parse_address(outer->address)) poster.address = *address;
  if (names_sender(list.posters, poster)) return PostVerdict::ToMembers;
  const auto folded = fold(poster.address);
  if (std::ranges::any_of(list.owners, [&](const std::string& owner) { return fold_pattern(owner) == folded; })) return PostVerdict::ToMembers;
  if (list.posting == Posting::Members && is_member(list, poster.address)) return PostVerdict::ToMembers;
  return otherwise;
}

std::string refusal_of_post(const MailingList& list) {
  const auto owner = list_role_address(list.address, ListRole::Owner);
  const std::string who = list.posting == Posting::Members ? "Only members may post to " : "Only some senders may post to ";
  return who + list.address + ". Its owner is " + owner + ".";
}

std::string_view posting_name(Posting posting) {
  switch (posting) {
    case Posting::Anyone: return "anyone";
    case Posting::Members: return "members";
    case Posting::Listed: return "listed";
    case Posting::Moderators: return "moderators";
  }
  return "members";
}

}  // namespace hikyaku::directory
