#include "apps/imap_front/imap_talk.h"

#include "apps/imap_store/opening.h"

namespace hikyaku::apps::imap_front {
namespace {

imap::Transport to_imap(front::Transport transport) {
  switch (transport) {
    case front::Transport::Plain: return imap::Transport::Plain;
    case front::Transport::PlainTrusted: return imap::Transport::PlainTrusted;
    case front::Transport::Tls: return imap::Transport::Tls;
  }
  return imap::Transport::Plain;
}

imap::LoginFailure to_imap(front::LoginFailure why) {
  switch (why) {
    case front::LoginFailure::WrongCredentials: return imap::LoginFailure::WrongCredentials;
    case front::LoginFailure::Malformed: return imap::LoginFailure::Malformed;
    case front::LoginFailure::NotAllowed: return imap::LoginFailure::NotAllowed;
    case front::LoginFailure::TooMany: return imap::LoginFailure::TooMany;
    case front::LoginFailure::Unavailable: return imap::LoginFailure::Unavailable;
  }
  return imap::LoginFailure::Unavailable;
}

imap::PreauthSettings settings_of(const front::Offer& offer) {
  imap::PreauthSettings settings;
  settings.mechanisms = offer.mechanisms;
  return settings;
}

// One step of the protocol's conversation as the front's.
struct Translate {
  front::Step operator()(imap::NeedInput) const { return front::NeedInput{}; }
  front::Step operator()(imap::Send& step) const { return front::Send{std::move(step.octets)}; }
  front::Step operator()(imap::StartTls) const { return front::StartTls{}; }
  front::Step operator()(imap::SaslStart& step) const { return front::SaslStart{step.mechanism, std::move(step.initial_response)}; }
  front::Step operator()(imap::SaslRespond& step) const { return front::SaslRespond{std::move(step.octets)}; }
  front::Step operator()(imap::SaslAbort) const { return front::SaslAbort{}; }
  front::Step operator()(imap::HandOver& step) const { return front::HandOver{imap_store::encode_opening(step.login)}; }
  front::Step operator()(imap::Close) const { return front::Close{}; }
};

}  // namespace

ImapTalk::ImapTalk(const front::Offer& offer)
    : settings_(settings_of(offer)),
      preauth_(settings_, to_imap(offer.transport),
               offer.starttls == front::OffersTls::Yes ? imap::OffersTls::Yes : imap::OffersTls::No) {}

front::Step ImapTalk::next() {
  auto step = preauth_.next();
  return std::visit(Translate{}, step);
}

void ImapTalk::tls_started(const front::Offer& offer) {
  settings_.mechanisms = offer.mechanisms;
  preauth_.tls_started();
}

void ImapTalk::sasl_answered(front::SaslAnswer answer) {
  if (auto* challenge = std::get_if<front::SaslChallenge>(&answer)) {
    preauth_.sasl_answered(imap::SaslChallenge{std::move(challenge->octets)});
  } else if (const auto* failure = std::get_if<front::LoginFailure>(&answer)) {
    preauth_.sasl_answered(to_imap(*failure));
  } else {
    preauth_.sasl_answered(imap::SaslAccepted{});
  }
}

void ImapTalk::login_refused(front::LoginFailure why) { preauth_.login_refused(to_imap(why)); }

void ImapTalk::say_goodbye(front::Goodbye why) {
  switch (why) {
    case front::Goodbye::TimedOut: return preauth_.say_goodbye("No login in time");
    case front::Goodbye::Stopping: return preauth_.say_goodbye("The server is stopping; please connect again");
    case front::Goodbye::Unavailable: return preauth_.say_goodbye("[UNAVAILABLE] Login is not possible just now");
  }
}

}  // namespace hikyaku::apps::imap_front
