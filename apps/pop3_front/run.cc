#include "apps/pop3_front/run.h"

#include "apps/pop3_front/opening.h"
#include "protocol/pop3/preauth.h"
#include "services/telemetry/events.h"

namespace hikyaku::apps {
namespace {
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

pop3::Offer offer_of(const front::Offer& offer) {
  return {offer.transport == front::Transport::Plain ? pop3::Passwords::Refused : pop3::Passwords::Allowed,
          offer.starttls == front::OffersTls::Yes ? pop3::Stls::Offered : pop3::Stls::NotOffered, offer.mechanisms};
}

pop3::LoginFailure failure_of(front::LoginFailure why) {
  switch (why) {
    case front::LoginFailure::WrongCredentials: return pop3::LoginFailure::WrongCredentials;
    case front::LoginFailure::Malformed: return pop3::LoginFailure::Malformed;
    case front::LoginFailure::NotAllowed: return pop3::LoginFailure::NotAllowed;
    case front::LoginFailure::TooMany: return pop3::LoginFailure::TooMany;
    case front::LoginFailure::Unavailable: return pop3::LoginFailure::Unavailable;
  }
  return pop3::LoginFailure::Unavailable;
}

pop3::Goodbye goodbye_of(front::Goodbye why) {
  switch (why) {
    case front::Goodbye::TimedOut: return pop3::Goodbye::TimedOut;
    case front::Goodbye::Stopping: return pop3::Goodbye::Stopping;
    case front::Goodbye::Unavailable: return pop3::Goodbye::Unavailable;
  }
  return pop3::Goodbye::Unavailable;
}

// pop3::Preauth in the words of the front.
class Talk final : public front::Conversation {
 public:
  Talk(const front::Offer& offer, const std::string& hostname) : preauth_(offer_of(offer), hostname) {}

  front::Step next() override {
    return std::visit(
        Overloaded{
            [](pop3::NeedInput) -> front::Step { return front::NeedInput{}; },
            [](pop3::Send& send) -> front::Step { return front::Send{std::move(send.octets)}; },
            [](pop3::StartTls) -> front::Step { return front::StartTls{}; },
            [](pop3::SaslStart& start) -> front::Step {
              return front::SaslStart{start.mechanism, std::move(start.initial_response)};
            },
            [](pop3::SaslRespond& respond) -> front::Step { return front::SaslRespond{std::move(respond.octets)}; },
            [](pop3::SaslAbort) -> front::Step { return front::SaslAbort{}; },
            [](pop3::HandOver& over) -> front::Step { return front::HandOver{encode_opening(over)}; },
            [](pop3::Close) -> front::Step { return front::Close{}; },
        },
        step_ = preauth_.next());
  }
  void receive(std::string_view octets) override { preauth_.receive(octets); }
  void tls_started(const front::Offer& offer) override { preauth_.tls_started(offer_of(offer)); }
  void sasl_answered(front::SaslAnswer answer) override {
    if (auto* challenge = std::get_if<front::SaslChallenge>(&answer))
      preauth_.sasl_answered(pop3::SaslChallenge{std::move(challenge->octets)});
    else if (const auto* why = std::get_if<front::LoginFailure>(&answer)) preauth_.sasl_answered(failure_of(*why));
    else preauth_.sasl_answered(pop3::SaslAccepted{});
  }
  void login_refused(front::LoginFailure why) override { preauth_.login_refused(failure_of(why)); }
  void say_goodbye(front::Goodbye why) override { preauth_.say_goodbye(goodbye_of(why)); }

 private:
  pop3::Preauth preauth_;
  pop3::PreauthStep step_;
};

front::Limits limits_of(const settings::Settings& settings) {
  return {.login_time = settings.pop3.login_time(),
          .connections = static_cast<std::size_t>(settings.pop3.connections()),
          .connections_per_address = static_cast<std::size_t>(settings.pop3.connections_per_address())};
}
}  // namespace

front::Kind pop3_kind() {
  return {.protocol = directory::Protocol::Pop3,
          .listener = "pop3",
          .tls_listener = "pop3s",
          .store_socket = "run/pop3-store.sock",
          .too_many = "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
          .login = &telemetry::events::pop3_login,
          .login_failed = &telemetry::events::pop3_login_failed,
          .limits = limits_of,
          .talk = [](const front::Offer& offer, const std::string& hostname) -> std::unique_ptr<front::Conversation> {
            return std::make_unique<Talk>(offer, hostname);
          }};
}

int run_pop3_front(Service& service) { return front::run(service, pop3_kind()); }

}  // namespace hikyaku::apps
