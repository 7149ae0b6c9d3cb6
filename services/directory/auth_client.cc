#include "services/directory/auth_client.h"

#include <list>
#include <unordered_map>

#include "io/channel.h"
#include "services/directory/address_text.h"
#include "services/directory/auth_protocol.h"
#include "services/directory/seen_page.h"

namespace hikyaku::directory {

namespace protocol = auth_protocol;

namespace {

constexpr Duration keep = 500ms;
constexpr std::size_t most_kept = 4096;

// Answers of the last half second, oldest first, all given at one version of the directory.
template <class Value>
class ShortMemory {
 public:
  // `version`: which auth acts on now.
  const Value* find(const std::string& key, std::optional<storage::Version> version, Instant now) {
    if (!version || *version != version_) return nullptr;
    forget(now);
    const auto found = kept_.find(key);
    return found == kept_.end() ? nullptr : &found->second;
  }
  void put(std::string key, Value value, storage::Version version, Instant now) {
    if (version != version_) kept_.clear(), ages_.clear(), version_ = version;
    forget(now);
    if (kept_.size() >= most_kept || !kept_.emplace(key, std::move(value)).second) return;
    ages_.emplace_back(now + keep, std::move(key));
  }

 private:
  void forget(Instant now) {
    for (; !ages_.empty() && ages_.front().first <= now; ages_.pop_front()) kept_.erase(ages_.front().second);
  }
  std::unordered_map<std::string, Value> kept_;
  std::list<std::pair<Instant, std::string>> ages_;
  storage::Version version_;
};

TemporaryFailure not_understood() { return {"The auth service answered in a way this service does not understand; restart both."}; }

template <class Wanted>
Answer<Wanted> pick(protocol::Reply&& reply) {
  if (auto* wanted = std::get_if<Wanted>(&reply)) return std::move(*wanted);
  if (auto* failed = std::get_if<TemporaryFailure>(&reply)) return std::move(*failed);
  return not_understood();
}

}  // namespace

struct AuthClient::State {
  io::Loop& loop;
  Duration timeout;
  io::ChannelClient channel;
  ShortMemory<RecipientAnswer> recipients;
  ShortMemory<SendRight> senders;
  std::optional<SeenVersion> auth_version;

  State(io::Loop& on_loop, std::string path, Duration limit, std::string seen_page)
      : loop(on_loop), timeout(limit), channel(on_loop, io::SocketAddress::unix_path(std::move(path))) {
    if (!seen_page.empty()) auth_version.emplace(std::move(seen_page), std::string(protocol::auth_reader_name));
  }
  std::optional<storage::Version> version() { return auth_version ? auth_version->read() : std::nullopt; }

  Task<protocol::Reply> ask(protocol::Request request, io::OnLoss on_loss) {
    auto asking = channel.request({protocol::encode(request), {}}, loop.after(timeout), on_loss);
    auto answered = co_await std::move(asking);
    if (!answered) co_return TemporaryFailure{"The auth service does not answer (" + answered.error().what + "); look at it with: hikyaku status"};
    auto reply = protocol::decode_reply(answered->octets);
    if (!reply) co_return not_understood();
    co_return std::move(*reply);
  }

  // `exchange` becomes the number of an exchange that goes on, 0 otherwise.
  Task<AuthStep> ask_step(protocol::Request request, std::uint64_t& exchange) {
    exchange = 0;
    auto asking = ask(std::move(request), io::OnLoss::Fail);
    auto reply = co_await std::move(asking);
    if (auto* challenge = std::get_if<protocol::ChallengeReply>(&reply)) {
      exchange = challenge->exchange;
      co_return AuthChallenge{std::move(challenge->bytes)};
    }
    if (auto* success = std::get_if<AuthSuccess>(&reply)) co_return std::move(*success);
    if (auto* failed = std::get_if<AuthFailure>(&reply)) co_return *failed;
    if (auto* failed = std::get_if<TemporaryFailure>(&reply)) co_return std::move(*failed);
    co_return not_understood();
  }
};

AuthClient::AuthClient(io::Loop& loop, std::string socket_path, Duration timeout, std::string seen_page)
    : state_(new State(loop, std::move(socket_path), timeout, std::move(seen_page))) {}
AuthClient::~AuthClient() = default;

Task<Answer<RecipientAnswer>> AuthClient::resolve_recipient(Address recipient, ReversePath sender, AccountId account, std::string client_address) {
  auto key = recipient.local_part + '@' + recipient.domain;
  if (const auto* kept = state_->recipients.find(key, state_->version(), state_->loop.now())) co_return *kept;
  auto asking = state_->ask(protocol::ResolveRequest{std::move(recipient), std::move(sender), account, std::move(client_address)}, io::OnLoss::Repeat);
  auto reply = co_await std::move(asking);
  auto answer = pick<RecipientAnswer>(std::move(reply));
  // What leads to a refusal is not kept: who has just been added by a command must be known at once on every loop. (NotOurs is for who may
  // relay no refusal, and a domain that is added changes the version.)
  const auto* good = std::get_if<RecipientAnswer>(&answer);
  using enum RecipientKind;
  const bool found = good != nullptr && (good->kind == Local || good->kind == Relay || good->kind == NotOurs);
  if (found && good->held.empty() && good->holds_for == RecipientAnswer::HoldsFor::EverySender)
    state_->recipients.put(std::move(key), *good, good->version, state_->loop.now());
  co_return answer;
}

Task<Answer<PeerRights>> AuthClient::rights(PeerContext peer) {
  auto asking = state_->ask(protocol::RightsRequest{std::move(peer)}, io::OnLoss::Repeat);
  auto reply = co_await std::move(asking);
  co_return pick<PeerRights>(std::move(reply));
}

Task<Answer<SendRight>> AuthClient::may_send_as(AccountId account, ReversePath reverse_path, WallTime logged_in) {
  auto key = std::to_string(account.value()) + ' ' + std::to_string(logged_in.time_since_epoch().count()) + ' ' + reverse_path.address.local_part + '@' + reverse_path.address.domain;
  if (const auto* kept = state_->senders.find(key, state_->version(), state_->loop.now())) co_return *kept;
  auto asking = state_->ask(protocol::SendAsRequest{account, std::move(reverse_path), logged_in}, io::OnLoss::Repeat);
  auto reply = co_await std::move(asking);
  auto answer = pick<protocol::SendAsReply>(std::move(reply));
  if (auto* failed = std::get_if<TemporaryFailure>(&answer)) co_return std::move(*failed);
  const auto [right, version] = std::get<protocol::SendAsReply>(answer);
  if (right == SendRight::Yes) state_->senders.put(std::move(key), right, version, state_->loop.now());
  co_return right;
}

Task<Answer<SendRight>> AuthClient::may_send(SentReport report) {
  auto asking = state_->ask(protocol::SentRequest{std::move(report)}, io::OnLoss::Repeat);
  auto reply = co_await std::move(asking);
  auto answer = pick<protocol::SendAsReply>(std::move(reply));
  if (auto* failed = std::get_if<TemporaryFailure>(&answer)) co_return std::move(*failed);
  co_return std::get<protocol::SendAsReply>(answer).right;
}

Task<Answer<AccessPage>> AuthClient::access_rows(std::uint64_t known, std::uint32_t from) {
  auto asking = state_->ask(protocol::AccessRequest{known, from}, io::OnLoss::Repeat);
  auto reply = co_await std::move(asking);
  co_return pick<AccessPage>(std::move(reply));
}

std::optional<storage::Version> AuthClient::version() { return state_->version(); }

Task<Answer<std::optional<Vouched>>> AuthClient::redeem(std::string ticket, Protocol protocol) {
  auto asking = state_->ask(protocol::RedeemRequest{std::move(ticket), protocol}, io::OnLoss::Fail);
  auto reply = co_await std::move(asking);
  if (auto* vouched = std::get_if<Vouched>(&reply)) co_return std::move(*vouched);
  if (std::holds_alternative<protocol::TicketRefusedReply>(reply)) co_return std::nullopt;
  if (auto* failed = std::get_if<TemporaryFailure>(&reply)) co_return std::move(*failed);
  co_return not_understood();
}

Task<AuthStep> AuthClient::login(std::string user, std::string password, PeerContext peer) {
  std::uint64_t exchange = 0;
  auto asking = state_->ask_step(protocol::LoginRequest{std::move(user), std::move(password), std::move(peer)}, exchange);
  auto step = co_await std::move(asking);
  if (std::holds_alternative<AuthChallenge>(step)) co_return not_understood();
  co_return step;
}

AuthClient::Exchange::Exchange(AuthClient& client) : client_(&client) {}
AuthClient::Exchange::Exchange(Exchange&& other) noexcept : client_(other.client_), id_(std::exchange(other.id_, 0)) {}

namespace {

template <class State>
Task<void> cancel(std::shared_ptr<State> state, std::uint64_t exchange, Deadline deadline) {
  auto asking = state->channel.request({protocol::encode(protocol::CancelRequest{exchange}), {}}, deadline, io::OnLoss::Fail);
  (void)co_await std::move(asking);  // `auth` forgets it by itself if this is lost
}

}  // namespace

AuthClient::Exchange::~Exchange() {
  if (id_ == 0 || client_->state_->loop.stopping()) return;
  const auto& state = client_->state_;
  state->loop.spawn(cancel(state, id_, state->loop.after(5s)));
}

Task<AuthStep> AuthClient::Exchange::begin(std::string mechanism, std::optional<std::string> initial_response, PeerContext peer) {
  auto asking = client_->state_->ask_step(protocol::BeginRequest{std::move(mechanism), std::move(initial_response), std::move(peer)}, id_);
  auto step = co_await std::move(asking);
  co_return step;
}

Task<AuthStep> AuthClient::Exchange::step(std::string response) {
  const auto exchange = id_;
  auto asking = client_->state_->ask_step(protocol::StepRequest{exchange, std::move(response)}, id_);
  auto step = co_await std::move(asking);
  co_return step;
}

}  // namespace hikyaku::directory
