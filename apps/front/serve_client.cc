// One client of a front: TLS, the conversation until the login, the hand-over, the relay.
#include <sys/socket.h>

#include "apps/front/front.h"
#include "apps/front/hand_over.h"
#include "apps/front/relay.h"

namespace hikyaku::apps::front {
namespace {
constexpr Duration close_limit = 5s;
constexpr Duration hand_over_limit = 15s;

using SharedSurroundings = std::shared_ptr<const Surroundings>;

std::string text_of(const io::SocketAddress& peer) { return peer.is_ip() ? peer.ip().to_string() : "local"; }

directory::PeerContext context_of(const Surroundings& around, const io::Connection& client) {
  return {.protocol = around.kind.protocol,
          .tls = client.under_tls() ? directory::TlsState::Tls : directory::TlsState::Plain,
          .client_address = text_of(client.peer()),
          .channel_binding = client.tls_exporter().value_or("")};
}

std::string tls_version(const io::Connection& client) {
  const auto details = client.tls_details();
  return details ? details->version : "";
}

// The login of one client: everything that is forgotten once it is relayed.
struct Login {
  std::unique_ptr<Conversation> talk;
  std::unique_ptr<LoginExchange> exchange;
  std::optional<directory::AuthSuccess> success;
  bool awaiting_empty_response = false;  // SCRAM's last message was sent (RFC 5802 §5)
};

// What auth allows here, as an offer; nothing when it does not answer.
Task<std::optional<Offer>> offer_for(SharedSurroundings around, io::Connection& client) {
  auto asking = around->logins.rights(context_of(*around, client));
  const auto answer = co_await std::move(asking);
  const auto* rights = std::get_if<directory::PeerRights>(&answer);
  if (rights == nullptr) co_return std::nullopt;
  Offer offer;
  offer.transport = client.under_tls() ? Transport::Tls : Transport::Plain;
  for (const auto& name : rights->mechanisms) {
    const auto mechanism = sasl::mechanism_named(name);
    if (!mechanism) continue;
    offer.mechanisms.push_back(*mechanism);
    if (!client.under_tls() && sasl::shows_password(*mechanism)) offer.transport = Transport::PlainTrusted;
  }
  if (!client.under_tls() && around->tls_context) offer.starttls = OffersTls::Yes;
  co_return offer;
}

LoginFailure failure_of(const directory::AuthFailure& why) {
  using Why = directory::AuthFailure::Why;
  switch (why.why) {
    case Why::Credentials: return LoginFailure::WrongCredentials;
    case Why::Malformed: return LoginFailure::Malformed;
    case Why::OtherIdentity:
    case Why::MechanismNotOffered:
    case Why::TlsRequired: return LoginFailure::NotAllowed;
  }
  return LoginFailure::Unavailable;
}

void log_failure(const Surroundings& around, const io::Connection& client, std::string_view reason, std::string_view name = {}) {
  const auto address = text_of(client.peer());
  const auto tls = tls_version(client);
  around.log.write(*around.kind.login_failed, {.account = name, .client = address, .listener = around.kind.listener, .tls = tls, .reason = reason});
}

// auth's step in the words of the conversation.
SaslAnswer answer_of(const Surroundings& around, const io::Connection& client, Login& login, directory::AuthStep step) {
  if (auto* challenge = std::get_if<directory::AuthChallenge>(&step)) return SaslChallenge{std::move(challenge->bytes)};
  if (auto* success = std::get_if<directory::AuthSuccess>(&step)) {
    login.success = std::move(*success);
    login.exchange.reset();
    if (login.success->final_bytes.empty()) return SaslAccepted{};
    login.awaiting_empty_response = true;
    return SaslChallenge{login.success->final_bytes};
  }
  login.exchange.reset();
  if (const auto* refused = std::get_if<directory::AuthFailure>(&step)) {
    const auto why = failure_of(*refused);
    log_failure(around, client, why == LoginFailure::WrongCredentials ? "wrong name or password" : "not allowed here, or malformed", refused->name);
    return why;
  }
  log_failure(around, client, std::get<directory::TemporaryFailure>(step).what);
  return LoginFailure::Unavailable;
}

// The empty response to SCRAM's last message.
SaslAnswer last_response(Login& login, std::string_view octets) {
  login.awaiting_empty_response = false;
  if (octets.empty()) return SaslAccepted{};
  login.success.reset();
  return LoginFailure::Malformed;
}

// The store's end of a new socketpair goes to the store; ours comes back, or the reason why not.
Task<Result<io::Descriptor, LoginFailure>> hand_over(SharedSurroundings around, HandedOver who) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    co_return failure(LoginFailure::Unavailable);
  io::Descriptor ours(pair[0]), theirs(pair[1]);
  io::Message message{who.encode(), {}};
  message.descriptors.push_back(std::move(theirs));
  auto asking = around->store.request(std::move(message), around->loop.after(hand_over_limit));
  const auto reply = co_await std::move(asking);
  if (!reply) co_return failure(LoginFailure::Unavailable);
  const auto taken = decode_taken(reply->octets);
  if (taken == Taken::TooMany) co_return failure(LoginFailure::TooMany);
  if (taken != Taken::Yes) co_return failure(LoginFailure::Unavailable);
  co_return std::move(ours);
}

// Carries out what is left when the conversation cannot go on: its last words, within a short time.
Task<void> last_words(SharedSurroundings around, io::Connection& client, Conversation& talk) {
  const auto deadline = around->loop.after(close_limit);
  for (;;) {
    auto step = talk.next();
    auto* send = std::get_if<Send>(&step);
    if (send == nullptr) break;
    auto writing = client.write(send->octets, deadline);
    const auto written = co_await std::move(writing);
    if (!written) co_return;
  }
  auto closing = client.close(deadline);
  co_await std::move(closing);
}

enum class Went : std::uint8_t { On, Lost };

Task<Went> read_more(SharedSurroundings around, io::Connection& client, Login& login, Deadline deadline) {
  auto reading = client.read(deadline);
  const auto octets = co_await std::move(reading);
  if (octets) {
    login.talk->receive(*octets);
    client.release_buffer();
    co_return Went::On;
  }
  const auto kind = octets.error().kind;
  if (kind != io::IoFailure::TimedOut) co_return Went::Lost;
  login.talk->say_goodbye(Goodbye::TimedOut);
  auto ending = last_words(around, client, *login.talk);
  co_await std::move(ending);
  co_return Went::Lost;
}

Task<Went> begin_tls(SharedSurroundings around, io::Connection& client, Login& login, Deadline deadline) {
  auto shaking = client.start_tls_server(around->tls_context, {}, deadline);
  const auto shaken = co_await std::move(shaking);
  if (!shaken) co_return Went::Lost;
  auto asking = offer_for(around, client);
  auto offer = co_await std::move(asking);
  if (offer) {
    login.talk->tls_started(*offer);
    co_return Went::On;
  }
  login.talk->tls_started(Offer{Transport::Tls, OffersTls::No, {}});
  login.talk->say_goodbye(Goodbye::Unavailable);
  co_return Went::On;
}

Task<void> ask_auth(SharedSurroundings around, io::Connection& client, Login& login, Step step) {
  if (auto* start = std::get_if<SaslStart>(&step)) {
    login.success.reset();
    login.exchange = around->logins.exchange();
    auto beginning = login.exchange->begin(std::string(sasl::mechanism_name(start->mechanism)),
                                           std::move(start->initial_response), context_of(*around, client));
    auto answer = co_await std::move(beginning);
    login.talk->sasl_answered(answer_of(*around, client, login, std::move(answer)));
    co_return;
  }
  auto& response = std::get<SaslRespond>(step).octets;
  if (login.awaiting_empty_response) {
    login.talk->sasl_answered(last_response(login, response));
    co_return;
  }
  auto stepping = login.exchange->step(std::move(response));
  auto answer = co_await std::move(stepping);
  login.talk->sasl_answered(answer_of(*around, client, login, std::move(answer)));
}

// Our end of the stream to the store, or nothing when the client is gone.
Task<std::optional<io::Descriptor>> log_in(SharedSurroundings around, io::Connection& client, std::string listener) {
  const auto deadline = around->loop.after(around->login_time);
  auto asking = offer_for(around, client);
  auto offer = co_await std::move(asking);
  Login login;
  login.talk = around->kind.talk(offer.value_or(Offer{}), around->hostname);
  if (!offer) login.talk->say_goodbye(Goodbye::Unavailable);
  for (;;) {
    auto step = login.talk->next();
    Went went = Went::On;
    if (std::holds_alternative<NeedInput>(step)) {
      auto reading = read_more(around, client, login, deadline);
      went = co_await std::move(reading);
    } else if (auto* send = std::get_if<Send>(&step)) {
      auto writing = client.write(send->octets, deadline);
      const auto written = co_await std::move(writing);
      if (!written) went = Went::Lost;
    } else if (std::holds_alternative<StartTls>(step)) {
      auto starting = begin_tls(around, client, login, deadline);
      went = co_await std::move(starting);
    } else if (std::holds_alternative<SaslAbort>(step)) {
      login.exchange.reset(), login.success.reset(), login.awaiting_empty_response = false;
    } else if (auto* over = std::get_if<HandOver>(&step)) {
      check(login.success.has_value(), "a hand-over follows an accepted login");
      HandedOver who{std::move(login.success->ticket), tls_version(client), listener, std::move(over->opening)};
      const auto address = text_of(client.peer());
      around->log.write(*around->kind.login, {.account = login.success->address, .client = address, .listener = who.listener, .tls = who.tls});
      auto handing = hand_over(around, std::move(who));
      auto ours = co_await std::move(handing);
      if (ours) co_return std::move(*ours);
      login.talk->login_refused(ours.error());
    } else if (std::holds_alternative<Close>(step)) {
      auto closing = client.close(around->loop.after(close_limit));
      co_await std::move(closing);
      went = Went::Lost;
    } else {
      auto asked = ask_auth(around, client, login, std::move(step));
      co_await std::move(asked);
    }
    if (went == Went::Lost) co_return std::nullopt;
  }
}
}  // namespace

Task<void> serve(std::shared_ptr<const Surroundings> around, Client client) {
  if (client.tls == Client::Tls::AtOnce) {
    auto shaking = client.connection->start_tls_server(around->tls_context, {}, around->loop.after(around->login_time));
    const auto shaken = co_await std::move(shaking);
    if (!shaken) co_return;
  }
  auto logging_in = log_in(around, *client.connection, client.listener);
  auto ours = co_await std::move(logging_in);
  if (!ours) co_return;
  io::Loop& loop = around->loop;
  const int socket = ours->get();
  auto store = std::make_unique<io::Connection>(loop, std::move(*ours), io::SocketAddress{});
  around.reset();
  auto relaying = relay(loop, {std::move(client.connection), std::move(store), socket, std::move(client.place)});
  co_await std::move(relaying);
}

}  // namespace hikyaku::apps::front
