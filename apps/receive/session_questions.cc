// What a session asks of `auth`: senders, recipients, logins. Whatever goes wrong there is 4xx: our own trouble.
#include "apps/receive/session.h"

#include "base/cursor.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
using OnInner = directory::RecipientAnswer::OnInnerServer;

constexpr std::uint32_t many_refused = 20;  // of an account, before `auth` is told by itself

// RFC 5321 §4.5.1, §4.1.3: "postmaster@[192.0.2.1]", sent to that address, is the postmaster here.
bool is_postmaster_at(const Address& recipient, const io::Connection& line) {
  if (!equal_ignoring_case(recipient.local_part, "postmaster")) return false;
  const auto ours = line.local();
  std::string_view literal = recipient.domain;
  if (!ours.is_ip() || !literal.starts_with('[') || !literal.ends_with(']')) return false;
  literal = literal.substr(1, literal.size() - 2);
  if (constexpr std::string_view tag = "IPv6:"; equal_ignoring_case(literal.substr(0, tag.size()), tag)) literal.remove_prefix(tag.size());
  const auto named = io::IpAddress::parse(literal);
  return named && named->to_string() == ours.ip().to_string();
}

}  // namespace

HeldQuota::Limit Session::held_limit() const {
  const auto& smtp = policies_->settings->smtp;
  return {static_cast<std::uint64_t>(smtp.future_release_messages()), smtp.future_release_space().octets};
}

std::optional<smtp::Reply> Session::over_held_quota(const Envelope& envelope, std::uint64_t octets) const {
  if (!envelope.release || account_ == AccountId{} || front_.reception.held.has_room(account_, held_limit(), octets, front_.loop.now())) return std::nullopt;
  return held_quota_reply;
}

Task<void> Session::check_sender(smtp::server::CheckSender step) {
  open_ = std::make_unique<Transaction>();
  // Said before the client sends its text in vain (RFC 5321 §4.2.4, 452).
  if (!front_.reception.incoming.has_space()) {
    front_.reception.disk.failed({}, "less than the reserve is free");
    co_return talk_.sender_checked(smtp::Reply{452, {4, 3, 1}, "The disk is nearly full, try again later"});
  }
  if (account_ == AccountId{}) co_return talk_.sender_checked({});
  auto asking = front_.auth.may_send_as(account_, step.reverse_path, logged_in_);
  const auto answer = co_await std::move(asking);
  using directory::SendRight;
  if (const auto* right = std::get_if<SendRight>(&answer)) {
    if (*right == SendRight::Suspended) co_return talk_.sender_checked(suspended_reply);
    // The account's sessions were ended: who goes on has to prove who it is.
    if (*right == SendRight::Over) co_return talk_.sender_checked(smtp::Reply{530, {5, 7, 0}, "This login counts no more: log in again"});
    if (*right == SendRight::Yes) co_return talk_.sender_checked(over_held_quota(talk_.envelope(), step.octets));
    auto said = fields();
    const auto sender = step.reverse_path.text();
    said.sender = sender;
    said.account = talk_.account();
    said.reason = "The account does not own this address.";
    front_.reception.service.log().write(events::command_refused, said);
    co_return talk_.sender_checked(smtp::Reply{553, {5, 7, 1}, "This address is not yours to send from"});
  }
  talk_.sender_checked(cannot_ask);
}

void Session::refuse_recipient(const Address& recipient, smtp::Reply reply) {
  if (account_ != AccountId{} && reply.is_permanent() && ++refused_recipients_ >= many_refused) tell_refused();
  log_recipient_refused(recipient, reply);
  talk_.recipient_checked(std::move(reply));
}

// By what is no rule about strangers.
void Session::refuse_recipient(const Address& recipient, policy::RecipientReply answered) {
  open_->refused_by = {std::move(answered.rule), std::move(answered.evidence), {}};
  refuse_recipient(recipient, *std::move(answered.refusal));
}

void Session::log_recipient_refused(const Address& recipient, const smtp::Reply& reply, std::string_view when) {
  auto said = fields();
  const auto address = recipient.text(), line = reply.line(), sender = talk_.envelope().reverse_path.text();
  said.account = talk_.account();
  said.recipient = address;
  said.reply = line;
  said.sender = sender;
  said.null_sender = sender.empty();
  said.helo = talk_.helo();
  said.rule = open_->refused_by.rule;
  said.reason = open_->refused_by.evidence;
  said.client_name = open_->refused_by.client_name;
  said.text = when;
  front_.reception.service.log().write(events::recipient_refused, said);
}

Task<void> Session::check_recipient(smtp::server::CheckRecipient step) {
  const Address recipient = step.recipient;
  const bool ours = is_postmaster_at(recipient, peer_);
  if (ours) step.recipient.domain.clear();  // as without a domain
  auto asking = front_.auth.resolve_recipient(std::move(step.recipient), talk_.envelope().reverse_path, account_, client_);
  const auto answer = co_await std::move(asking);
  const auto* found = std::get_if<directory::RecipientAnswer>(&answer);
  open_->refused_by = {};
  if (found == nullptr) co_return refuse_recipient(recipient, cannot_ask);
  const bool always = policy::is_always_taken(recipient);
  const auto on_inner = always ? OnInner::Any : found->on_inner;
  const policy::RcptTerms terms{.smtp = policies_->settings->smtp, .always_taken = always, .may_relay = account_ != AccountId{} ? std::optional(true) : may_relay_,
                                .octets = step.octets, .recipients_before = talk_.envelope().recipients.size(), .name_rules = policies_->policy.rules.name_rules};
  if (auto answered = policy::answer_of(*found, terms); answered.refusal) co_return refuse_recipient(recipient, std::move(answered));
  if (auto refusal = over_rate(recipient)) co_return refuse_recipient(recipient, *std::move(refusal));
  bool spared = always;
  std::string scope;
  if (!spared) {
    auto judging = judge(recipient);
    auto judged = co_await std::move(judging);
    if (judged.refusal) {
      auto putting_off = put_off(recipient, on_inner, step.octets, *std::move(judged.refusal));
      co_await std::move(putting_off);
      co_return;
    }
    spared = judged.spared;
    scope = std::move(judged.scope);
  }
  // A limit of the size is one of the whole text: who has another one comes in a transaction of his own, unless each is answered.
  const std::uint64_t most_octets = always ? 0 : found->most_octets;
  const bool other_limit = !talk_.envelope().recipients.empty() && !talk_.answers_each_recipient() && most_octets != open_->most_octets;
  // To answer 250 for this one would take the others' mail with it, of whom copies are kept.
  const bool beside_copies = !open_->escrowed.empty() && !talk_.answers_each_recipient();
  if (other_limit || beside_copies || must_come_apart(spared, scope)) co_return refuse_recipient(recipient, {452, {4, 5, 3}, "Send this recipient's copy in a transaction of its own"});
  if (auto held = policy::held_back(*found, terms); held.refusal) co_return refuse_recipient(recipient, std::move(held));
  // Last: nobody else is asked about whom we refuse ourselves.
  if (on_inner == OnInner::Ask || on_inner == OnInner::AskHeld) {
    auto checking = check_inner(recipient, on_inner);
    auto refusal = co_await std::move(checking);
    if (refusal && refusal->is_permanent()) co_return refuse_recipient(recipient, policy::unknown_to_inner(terms));
    if (refusal) co_return refuse_recipient(recipient, *std::move(refusal));
  }
  if (!spared) {
    auto asking_servers = ask_policy_servers(recipient);
    if (auto refusal = co_await std::move(asking_servers)) co_return refuse_recipient(recipient, *std::move(refusal));
  }
  auto asking_milters = ask_milters_at_rcpt(recipient, spared ? Spared::Yes : Spared::No);
  if (auto refusal = co_await std::move(asking_milters)) co_return refuse_recipient(recipient, *std::move(refusal));
  if (none_taken()) open_->scope = std::move(scope);
  open_->most_octets = most_octets;
  const auto room = found->kind == directory::RecipientKind::Local ? found->room_octets : ~0ULL;
  if (spared || most_octets != 0 || room != ~0ULL) open_->terms[recipient.text()] = {spared, most_octets, room};
  open_->spared = spared && (none_taken() || open_->spared);
  talk_.recipient_checked({}, ours ? std::optional(Address{"postmaster", ""}) : std::nullopt);
}

Task<smtp::Verdict> Session::check_inner(Address recipient, OnInner on_inner) {
  const auto policies = front_.reception.policies();  // those in force now: a server may just have been stopped
  const auto& recipients = policies->settings->recipients;
  const auto began = front_.loop.now();
  const auto address = recipient.text(), domain = recipient.domain;
  auto finding = front_.inner.find(std::move(recipient), {.reach = on_inner == OnInner::AskHeld ? policy::Reach::Held : policy::Reach::Open,
                                                         .otherwise = recipients.while_away() == "defer" ? policy::UnknownWhileAway::Defer : policy::UnknownWhileAway::Accept,
                                                         .patience = recipients.ask_time()});
  const auto found = co_await std::move(finding);
  if (!found.words.empty()) {
    auto said = fields();
    said.recipient = address;
    said.destination = domain;
    said.reply = found.words;
    said.took = front_.loop.now() - began;
    front_.reception.service.log().write(events::recipient_asked, said);
  }
  switch (found.verdict) {
    case policy::RecipientVerdict::Accept:
    case policy::RecipientVerdict::Ask: break;
    case policy::RecipientVerdict::Refuse: co_return smtp::Verdict(policy::no_such_user);
    case policy::RecipientVerdict::Defer: co_return smtp::Verdict(smtp::Reply{450, {4, 2, 1}, "Whether this user exists cannot be asked just now, try again later"});
  }
  co_return smtp::Verdict{};
}

// Listed networks may ask for all mail that is taken here. An account may for a domain whose postmaster it is: each wish costs
// attempts of mail that may be others'.
Task<directory::Answer<bool>> Session::may_ask_for(smtp::EtrnCommand of) {
  if (settings::address_is_in(client_, policies_->settings->smtp.etrn_networks())) co_return true;
  if (account_ == AccountId{} || of.subdomains) co_return false;
  auto asking = front_.auth.may_send_as(account_, ReversePath{{"postmaster", of.domain}}, logged_in_);
  auto answer = co_await std::move(asking);
  if (auto* trouble = std::get_if<directory::TemporaryFailure>(&answer)) co_return std::move(*trouble);
  co_return std::get<directory::SendRight>(answer) == directory::SendRight::Yes;
}

// Whose mail may be asked for is known by whose mail is taken; deliver is told by a ring of its bell, and what waits there
// is not told to whoever asks.
Task<void> Session::flush(smtp::server::Flush step) {
  const std::string domain = step.of.domain;
  auto permitting = may_ask_for(step.of);
  const auto permission = co_await std::move(permitting);
  const auto* may = std::get_if<bool>(&permission);
  if (may == nullptr) co_return talk_.flush_answered({458, {4, 3, 0}, "Cannot look that up just now, try again later"});
  if (!*may) co_return talk_.flush_answered({459, {4, 7, 1}, "The mail for " + domain + " is not yours to ask for"});
  auto asking = front_.auth.resolve_recipient({"postmaster", domain}, {}, account_, client_);
  const auto answer = co_await std::move(asking);
  const auto* found = std::get_if<directory::RecipientAnswer>(&answer);
  using Kind = directory::RecipientKind;
  if (found == nullptr) co_return talk_.flush_answered({458, {4, 3, 0}, "Cannot look that up just now, try again later"});
  if (found->kind == Kind::NotOurs || found->kind == Kind::UnknownDomain)
    co_return talk_.flush_answered({459, {4, 7, 1}, "No mail waits here for " + domain + ": this server does not take mail for it"});
  if (!front_.reception.etrn.admit(domain, front_.loop.now()))
    co_return talk_.flush_answered({458, {4, 7, 0}, "The mail for " + domain + " was asked for a moment ago, try again later"});
  front_.reception.bell.ask_for((step.of.subdomains ? "@" : "") + domain);
  auto said = fields();
  said.account = talk_.account();
  said.destination = domain;
  front_.reception.service.log().write(events::flush_wanted, said);
  talk_.flush_answered({250, {2, 0, 0}, "Queuing for node " + domain + " started"});
}

Task<void> Session::authenticate(smtp::server::Authenticate step) {
  using Phase = smtp::server::Authenticate::Phase;
  if (step.phase == Phase::Cancel) co_return exchange_.reset();
  if (step.phase == Phase::Begin) mechanism_ = sasl::mechanism_name(step.mechanism);
  if (step.phase == Phase::Begin) logged_in_ = front_.reception.clock.wall();
  if (step.phase == Phase::Begin) exchange_ = std::make_unique<directory::AuthClient::Exchange>(front_.auth);
  auto asking = step.phase == Phase::Begin
                    ? exchange_->begin(std::string(sasl::mechanism_name(step.mechanism)), std::move(step.octets), context())
                    : exchange_->step(std::move(step.octets).value_or(std::string{}));
  const auto answer = co_await std::move(asking);
  take(answer);
}

void Session::take(const directory::AuthStep& step) {
  if (const auto* challenge = std::get_if<directory::AuthChallenge>(&step)) return talk_.auth_challenge(challenge->bytes);
  auto said = fields();
  exchange_.reset();
  if (const auto* success = std::get_if<directory::AuthSuccess>(&step)) {
    account_ = success->account;
    client_name_ = name_of_client(front_, policies_->settings, address_);
    said.account = success->address;
    front_.reception.service.log().write(events::smtp_login, said);
    return talk_.auth_accepted(success->address);
  }
  if (const auto* trouble = std::get_if<directory::TemporaryFailure>(&step)) {
    said.reason = trouble->what;
    front_.reception.service.log().write(events::smtp_login_failed, said);
    return talk_.auth_refused({454, {4, 7, 0}, "Cannot check logins just now, try again later"});
  }
  said.account = std::get<directory::AuthFailure>(step).name;
  front_.reception.service.log().write(events::smtp_login_failed, said);
  using Why = directory::AuthFailure::Why;
  switch (std::get<directory::AuthFailure>(step).why) {
    case Why::Credentials: return talk_.auth_refused({535, {5, 7, 8}, "Wrong name or password"});
    case Why::MechanismNotOffered: return talk_.auth_refused({504, {5, 5, 4}, "This mechanism is not available"});
    case Why::TlsRequired: return talk_.auth_refused({538, {5, 7, 11}, "This mechanism needs TLS: say STARTTLS first"});
    case Why::OtherIdentity: return talk_.auth_refused({535, {5, 7, 8}, "Nobody may act as somebody else here: leave the authorization identity empty"});
    case Why::Malformed: return talk_.auth_refused({501, {5, 5, 2}, "Malformed response"});
  }
}

}  // namespace hikyaku::receive
