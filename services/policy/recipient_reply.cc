#include "services/policy/recipient_reply.h"

namespace hikyaku::policy {
namespace {

using Found = directory::RecipientAnswer;
using smtp::Reply;

// What the directory says.
std::optional<Reply> reason_against(const Found& found, const RcptTerms& terms) {
  using Kind = directory::RecipientKind;
  switch (found.kind) {
    case Kind::Local:
      // RFC 3463 X.2.2: the text as declared has no room, though a smaller one might.
      if (terms.octets > found.room_octets) return mailbox_full(terms.smtp);
      return std::nullopt;
    case Kind::Relay:
      if (found.on_inner == Found::OnInnerServer::NotListed && !terms.always_taken) return no_such_user;
      return std::nullopt;
    case Kind::NotOurs:
      if (terms.may_relay.value_or(false)) return std::nullopt;
      if (!terms.may_relay) break;
      return Reply{550, {5, 7, 1}, "This server does not take mail for that domain"};
    case Kind::UnknownUser: return no_such_user;
    case Kind::UnknownDomain: return Reply{550, {5, 1, 2}, "No mail can go to that domain"};
    case Kind::Disabled: return Reply{550, {5, 2, 1}, "The mailbox is disabled"};
    case Kind::MayNotPost: return Reply{550, {5, 7, 2}, found.held};  // RFC 3463 X.7.2
    case Kind::OverQuota: return mailbox_full(terms.smtp);
  }
  return cannot_look_up;
}

// What the rules of accounts say.
std::optional<Reply> ruled_out(const Found& found, const RcptTerms& terms) {
  using RuledOut = Found::RuledOut;
  switch (found.ruled_out) {
    case RuledOut::No: break;
    case RuledOut::Sender: return Reply{550, {5, 7, 1}, "This user does not take mail from you"};
    case RuledOut::Destination: return Reply{550, {5, 7, 1}, "Your account may not send to this address"};
    case RuledOut::HoursIn: return Reply{450, {4, 2, 1}, "This user takes mail at other hours"};
    case RuledOut::HoursOut: return Reply{450, {4, 7, 1}, "Your account may send at other hours"};
  }
  if (found.most_recipients != 0 && terms.recipients_before >= found.most_recipients) return Reply{452, {4, 5, 3}, "Your account may name " + std::to_string(found.most_recipients) + " recipients at once"};
  if (found.most_octets != 0 && terms.octets > found.most_octets) return Reply{552, {5, 3, 4}, "This user takes mail of at most " + std::to_string(found.most_octets) + " octets from you"};
  return std::nullopt;
}

}  // namespace

Reply mailbox_full(const settings::SmtpSection& smtp) {
  if (smtp.over_quota() == "refuse") return {552, {5, 2, 2}, "The mailbox is full"};
  return {452, {4, 2, 2}, "The mailbox is full"};
}

RecipientReply answer_of(const Found& found, const RcptTerms& terms) {
  if (auto refusal = reason_against(found, terms)) return {.refusal = std::move(refusal)};
  if (terms.always_taken) return {};
  RecipientReply reply{.refusal = ruled_out(found, terms)};
  if (found.ruled_out != Found::RuledOut::No) reply.rule = "account_rules", reply.evidence = found.ruled_by;
  return reply;
}

std::optional<Reply> held_back(const Found& found) {
  if (found.held.empty()) return std::nullopt;
  return Reply{451, {4, 3, 2}, found.held};
}

}  // namespace hikyaku::policy
