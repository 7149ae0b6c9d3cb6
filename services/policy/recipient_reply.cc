#include "services/policy/recipient_reply.h"

namespace hikyaku::policy {
namespace {

using Found = directory::RecipientAnswer;
using smtp::Reply;

struct Objection {
  Reply reply;
  std::string_view rule;  // empty: our own trouble
};

// What the directory says.
std::optional<Objection> reason_against(const Found& found, const RcptTerms& terms) {
  using Kind = directory::RecipientKind;
  switch (found.kind) {
    case Kind::Local:
      // RFC 3463 X.2.2: the text as declared has no room, though a smaller one might.
      if (terms.octets > found.room_octets) return Objection{mailbox_full(terms.smtp), refused_by::quota};
      return std::nullopt;
    case Kind::Relay:
      if (found.on_inner == Found::OnInnerServer::NotListed && !terms.always_taken) return Objection{no_such_user, refused_by::recipient};
      return std::nullopt;
    case Kind::NotOurs:
      if (terms.may_relay.value_or(false)) return std::nullopt;
      if (!terms.may_relay) break;
      return Objection{{550, {5, 7, 1}, "This server does not take mail for that domain"}, refused_by::relay};
    case Kind::UnknownUser: return Objection{no_such_user, refused_by::recipient};
    case Kind::UnknownDomain: return Objection{{550, {5, 1, 2}, "No mail can go to that domain"}, refused_by::recipient};
    case Kind::Disabled: return Objection{{550, {5, 2, 1}, "The mailbox is disabled"}, refused_by::recipient};
    case Kind::MayNotPost: return Objection{{550, {5, 7, 2}, found.held}, refused_by::list};  // RFC 3463 X.7.2
    case Kind::OverQuota: return Objection{mailbox_full(terms.smtp), refused_by::quota};
  }
  return Objection{cannot_look_up, {}};
}

// What the rules of accounts say.
std::optional<Objection> ruled_out(const Found& found, const RcptTerms& terms) {
  using RuledOut = Found::RuledOut;
  const auto by = refused_by::account_rules;
  switch (found.ruled_out) {
    case RuledOut::No: break;
    case RuledOut::Sender: return Objection{{550, {5, 7, 1}, "This user does not take mail from you"}, by};
    case RuledOut::Destination: return Objection{{550, {5, 7, 1}, "Your account may not send to this address"}, by};
    case RuledOut::HoursIn: return Objection{{450, {4, 2, 1}, "This user takes mail at other hours"}, by};
    case RuledOut::HoursOut: return Objection{{450, {4, 7, 1}, "Your account may send at other hours"}, by};
  }
  if (found.most_recipients != 0 && terms.recipients_before >= found.most_recipients)
    return Objection{{452, {4, 5, 3}, "Your account may name " + std::to_string(found.most_recipients) + " recipients at once"}, by};
  if (found.most_octets != 0 && terms.octets > found.most_octets)
    return Objection{{552, {5, 3, 4}, "This user takes mail of at most " + std::to_string(found.most_octets) + " octets from you"}, by};
  return std::nullopt;
}

RecipientReply named(Objection objection, const RcptTerms& terms) {
  if (terms.name_rules && !objection.rule.empty()) objection.reply.text += " [" + std::string(objection.rule) + "]";
  return {.refusal = std::move(objection.reply), .rule = std::string(objection.rule)};
}

}  // namespace

Reply mailbox_full(const settings::SmtpSection& smtp) {
  if (smtp.over_quota() == "refuse") return {552, {5, 2, 2}, "The mailbox is full"};
  return {452, {4, 2, 2}, "The mailbox is full"};
}

RecipientReply answer_of(const Found& found, const RcptTerms& terms) {
  if (auto against = reason_against(found, terms)) return named(*std::move(against), terms);
  auto ruled = terms.always_taken ? std::nullopt : ruled_out(found, terms);
  if (!ruled) return {};
  auto reply = named(*std::move(ruled), terms);
  if (found.ruled_out != Found::RuledOut::No) reply.evidence = found.ruled_by;
  return reply;
}

RecipientReply held_back(const Found& found, const RcptTerms& terms) {
  if (found.held.empty()) return {};
  return named({{451, {4, 3, 2}, found.held}, refused_by::hold}, terms);
}

RecipientReply unknown_to_inner(const RcptTerms& terms) { return named({no_such_user, refused_by::recipient}, terms); }

}  // namespace hikyaku::policy
