#include "services/directory/auth_service.h"

#include <algorithm>

#include "base/base64.h"
#include "base/cursor.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {

using auth_protocol::Request;
using sasl::Mechanism;

namespace {

constexpr Duration store_limit = 10s;

Deadline soon() { return std::chrono::steady_clock::now() + store_limit; }

TemporaryFailure no_directory() { return {std::string(no_directory_sentence)}; }
TemporaryFailure not_now(std::string why) { return {why.empty() ? "Logins cannot be checked at the moment; try again in a minute." : std::move(why)}; }

}  // namespace

AuthService::AuthService(io::Loop& loop, io::Workers& workers, const Reader& reader, Secrets secrets, AuthOptions options, GuardParts guard)
    : loop_(loop), workers_(workers), reader_(reader), secrets_(secrets), options_(std::move(options)), guard_(loop, workers, std::move(guard)), quotas_(options_.quota_page) {
  guard_.set(options_.guard);
}

void AuthService::set_options(AuthOptions options) {
  options_ = std::move(options);
  guard_.set(options_.guard);
}

DirectoryResult<> AuthService::prepare(Deadline deadline) {
  TRY(secret, secrets_.server_secret(deadline));
  server_secret_ = std::move(secret);
  if (!read_scram_scope(deadline))
    return refuse(DirectoryFailure::Unavailable, "The password records cannot be read; look at the disk and start auth again.");
  return {};
}

// SCRAM is announced only where it works for everybody: a client that sees it uses it, and would fail for an account
// whose imported hash has no keys yet. Who has no password at all fails by every mechanism.
bool AuthService::read_scram_scope(Deadline deadline) {
  const auto snapshot = reader_.newest();
  const auto version = secrets_.version(deadline);
  if (!snapshot || !version) return false;
  if (*version == scope_secrets_ && snapshot->version() == scope_directory_) return true;
  const auto without_keys = secrets_.accounts_without_scram(deadline);
  if (!without_keys) return false;
  scram_everywhere_ = std::ranges::none_of(snapshot->contents().accounts, [&](const Account& account) {
    return account.enabled == Enabled::Yes && without_keys->contains(account.id.value());
  });
  scope_secrets_ = *version;
  scope_directory_ = snapshot->version();
  return true;
}

Task<void> AuthService::follow_secrets() {
  while (!loop_.stopping()) {
    auto sleep = loop_.sleep_until(loop_.after(1s));
    if (co_await sleep == io::Wake::Cancelled) co_return;
    auto reading = workers_.run(loop_, [this] { return read_scram_scope(soon()); });
    (void)co_await std::move(reading);  // unread: the last answer stands, and logins themselves say what is wrong
  }
}

Task<io::Message> AuthService::answer(io::Message request, io::PeerProcess) {
  auto decoded = auth_protocol::decode_request(request.octets);
  if (!decoded) {
    const Reply nonsense = TemporaryFailure{"The auth service does not understand this request; restart both services."};
    co_return io::Message{auth_protocol::encode(nonsense), {}};
  }
  auto replying = reply_to(std::move(*decoded));
  const auto reply = co_await std::move(replying);
  co_return io::Message{auth_protocol::encode(reply), {}};
}

// After a machine stood still, or a load, the reader's own thread needs its turn: to say "later" at once would put off everybody's mail for
// nothing. Once somebody waited in vain nobody waits until the store has answered.
Task<void> AuthService::wait_for_directory() {
  for (const auto deadline = loop_.after(2s); !directory_gone_ && !reader_.snapshot() && !loop_.stopping();) {
    if (loop_.now() >= deadline) directory_gone_ = true;
    else co_await loop_.sleep_until(loop_.after(20ms));
  }
}

Task<AuthService::Reply> AuthService::reply_to(Request request) {
  if (reader_.snapshot()) {
    directory_gone_ = false;
  } else if (!directory_gone_) {
    auto waiting = wait_for_directory();
    co_await std::move(waiting);
  }
  if (const auto* asked = std::get_if<auth_protocol::ResolveRequest>(&request)) co_return resolve(*asked);
  if (const auto* asked = std::get_if<auth_protocol::RightsRequest>(&request)) co_return rights(asked->peer);
  if (const auto* asked = std::get_if<auth_protocol::AccessRequest>(&request)) {
    auto learning = learn_content(asked->from);
    const bool known = co_await std::move(learning);
    if (!known) co_return no_directory();
    co_return access_rows(*asked);
  }
  if (const auto* asked = std::get_if<auth_protocol::SendAsRequest>(&request)) co_return may_send_as(*asked);
  if (const auto* asked = std::get_if<auth_protocol::RedeemRequest>(&request)) co_return redeem(*asked);
  if (const auto* asked = std::get_if<auth_protocol::CancelRequest>(&request)) {
    drop(asked->exchange);
    co_return auth_protocol::CancelReply{};
  }
  Task<Reply> replying;
  if (auto* told = std::get_if<auth_protocol::SentRequest>(&request)) replying = sent(std::move(*told));
  else if (auto* asked = std::get_if<auth_protocol::BeginRequest>(&request)) replying = begin(std::move(*asked));
  else if (auto* stepped = std::get_if<auth_protocol::StepRequest>(&request)) replying = step(std::move(*stepped));
  else replying = login(std::get<auth_protocol::LoginRequest>(std::move(request)));
  auto reply = co_await std::move(replying);
  co_return reply;
}

bool AuthService::may_show_password(const PeerContext& peer) const {
  if (peer.tls == TlsState::Tls) return true;
  const auto address = io::IpAddress::parse(peer.client_address);
  if (!address) return false;
  if (std::ranges::any_of(options_.plaintext_networks, [&](const auto& network) { return network.contains(*address); })) return true;
  const auto snapshot = reader_.snapshot();
  return snapshot && snapshot->network(peer.client_address).auth_without_tls == Enabled::Yes;
}

std::vector<std::string> AuthService::mechanisms(const PeerContext& peer) const {
  std::vector<std::string> names;
  if (scram_everywhere_) {
    if (!peer.channel_binding.empty()) names.emplace_back(sasl::mechanism_name(Mechanism::ScramSha256Plus));
    names.emplace_back(sasl::mechanism_name(Mechanism::ScramSha256));
  }
  if (may_show_password(peer)) {
    names.emplace_back(sasl::mechanism_name(Mechanism::Plain));
    names.emplace_back(sasl::mechanism_name(Mechanism::Login));
  }
  return names;
}

// ---- exchanges -------------------------------------------------------------------------------------------------------

std::uint64_t AuthService::keep(Exchange exchange) {
  // The oldest makes room: clients that hang up in the middle must not shut the others out.
  while (exchanges_.size() >= most_exchanges || (!ages_.empty() && loop_.now() - exchanges_.at(ages_.front()).started > exchange_limit))
    drop(ages_.front());
  std::uint64_t id = 0;
  while (id == 0 || exchanges_.contains(id)) {
    const auto octets = random_octets(8);
    std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(&id));
  }
  ages_.push_back(id);
  exchange.age = std::prev(ages_.end());
  exchanges_.emplace(id, std::move(exchange));
  return id;
}

// Nothing came of it.
void AuthService::drop(std::uint64_t id) {
  if (const auto exchange = take(id); exchange && exchange->turn) guard_.undone(*exchange->turn);
}

std::optional<AuthService::Exchange> AuthService::take(std::uint64_t id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return {};
  ages_.erase(found->second.age);
  auto exchange = std::move(found->second);
  exchanges_.erase(found);
  return exchange;
}

Task<AuthService::Reply> AuthService::begin(auth_protocol::BeginRequest request) {
  const auto mechanism = sasl::mechanism_named(request.mechanism);
  const auto offered = mechanisms(request.peer);
  if (!mechanism) co_return AuthFailure{AuthFailure::Why::MechanismNotOffered};
  if (std::ranges::find(offered, sasl::mechanism_name(*mechanism)) == offered.end()) {
    const bool for_want_of_tls = sasl::shows_password(*mechanism);
    co_return AuthFailure{for_want_of_tls ? AuthFailure::Why::TlsRequired : AuthFailure::Why::MechanismNotOffered};
  }
  sasl::ServerContext context{.server_nonce = base64_encode(random_octets(18))};
  if (!request.peer.channel_binding.empty()) {
    context.channel_binding = sasl::ChannelBinding{.data = request.peer.channel_binding};
    context.plus = scram_everywhere_ ? sasl::ServerContext::Plus::Offered : sasl::ServerContext::Plus::NotOffered;
  }
  Exchange exchange{sasl::ServerExchange(*mechanism, std::move(context)), std::move(request.peer), {}, {}, loop_.now(), {}, {}, {}, SystemClock{}.wall()};
  std::optional<std::string_view> initial;
  if (request.initial_response) initial = *request.initial_response;
  auto first = exchange.sasl.start(initial);
  auto going = carry_on(std::move(exchange), std::move(first));
  auto reply = co_await std::move(going);
  co_return reply;
}

Task<AuthService::Reply> AuthService::step(auth_protocol::StepRequest request) {
  auto exchange = take(request.exchange);
  if (!exchange) co_return TemporaryFailure{"The login took too long, or the auth service was restarted; log in again."};
  auto next = exchange->sasl.respond(request.response);
  auto going = carry_on(std::move(*exchange), std::move(next));
  auto reply = co_await std::move(going);
  co_return reply;
}

Task<AuthService::Reply> AuthService::carry_on(Exchange exchange, sasl::ServerStep step) {
  for (;;) {
    if (auto* challenge = std::get_if<sasl::Challenge>(&step)) {
      auto octets = std::move(challenge->octets);
      co_return auth_protocol::ChallengeReply{keep(std::move(exchange)), std::move(octets)};
    }
    if (auto* asked = std::get_if<sasl::CheckPassword>(&step)) {
      exchange.user = ascii_lower(asked->user);
      auto checking = check(asked->user, asked->password, exchange.peer, exchange.account, exchange.why);
      const auto verdict = co_await std::move(checking);
      if (verdict == Verdict::Unavailable) co_return not_now(std::move(exchange.why));
      step = exchange.sasl.password_checked(verdict == Verdict::Right ? sasl::PasswordVerdict::Right : sasl::PasswordVerdict::Wrong);
    } else if (auto* wanted = std::get_if<sasl::FindKeys>(&step)) {
      exchange.user = ascii_lower(wanted->user);
      bool unavailable = false;
      auto finding = keys_for(wanted->user, exchange, unavailable);
      auto keys = co_await std::move(finding);
      if (unavailable) co_return not_now(std::move(exchange.why));
      step = exchange.sasl.keys_found(std::move(keys));
    } else if (auto* accepted = std::get_if<sasl::Accepted>(&step)) {
      if (exchange.turn) guard_.succeeded(*exchange.turn);
      co_return welcome(exchange.account, accepted->authorization_identity, exchange.peer, exchange.began);
    } else {
      const auto why = std::get<sasl::Refused>(step).why;
      // check() has counted a wrong password already.
      if (exchange.turn && why == sasl::RefusedBecause::Malformed) guard_.undone(*exchange.turn);
      else if (exchange.turn) guard_.failed(*exchange.turn, 0);
      if (why == sasl::RefusedBecause::Malformed) co_return AuthFailure{AuthFailure::Why::Malformed};
      co_return AuthFailure{AuthFailure::Why::Credentials, name_for_log(exchange.user)};
    }
  }
}

Task<AuthService::Reply> AuthService::login(auth_protocol::LoginRequest request) {
  if (!may_show_password(request.peer)) co_return AuthFailure{AuthFailure::Why::TlsRequired};
  const auto began = SystemClock{}.wall();
  AccountId account;
  std::string why;
  auto checking = check(request.user, request.password, request.peer, account, why);
  const auto verdict = co_await std::move(checking);
  if (verdict == Verdict::Unavailable) co_return not_now(std::move(why));
  if (verdict == Verdict::Wrong) co_return AuthFailure{AuthFailure::Why::Credentials, name_for_log(request.user)};
  co_return welcome(account, "", request.peer, began);
}

// ---- users and passwords ---------------------------------------------------------------------------------------------

// "user@domain"; a bare name where there is only one domain of our own, as E-Post's users type it.
AccountId AuthService::find_account(const std::string& user) const {
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return {};
  auto name = user;
  if (name.find('@') == std::string::npos) {
    const auto& domains = snapshot->contents().domains;
    const auto is_local = [](const Domain& domain) { return domain.kind != DomainKind::Relay; };
    if (std::ranges::count_if(domains, is_local) != 1) return {};
    name += '@' + std::ranges::find_if(domains, is_local)->name;
  }
  const auto address = parse_address(name);
  const auto* account = address ? snapshot->account(*address) : nullptr;
  return account ? account->id : AccountId{};
}

// Users type passwords where the name belongs: only what has the form of an address is told, or names an account.
std::string AuthService::name_for_log(const std::string& user) const {
  constexpr std::size_t longest_address = 254;  // RFC 5321 §4.5.3.1.3
  if (user.empty()) return {};
  const auto address = user.size() <= longest_address ? parse_address(user) : std::nullopt;
  const bool has_form = address && address->domain.find('.') != std::string::npos;
  return has_form || find_account(user) != AccountId{} ? user : "(not an address)";
}

namespace {

// The account, when it may log in by this protocol.
const Account* admitted(const Snapshot& snapshot, AccountId id, Protocol protocol) {
  const auto* account = snapshot.account(id);
  if (!account || account->enabled == Enabled::No) return nullptr;
  const Enabled allowed = protocol == Protocol::Smtp ? account->smtp_auth : protocol == Protocol::Imap ? account->imap : account->pop3;
  return allowed == Enabled::Yes ? account : nullptr;
}

}  // namespace

AuthService::Reply AuthService::welcome(AccountId id, const std::string& authorization_identity, const PeerContext& peer, WallTime began) {
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return no_directory();
  const auto* account = admitted(*snapshot, id, peer.protocol);
  if (!account) {
    const auto* known = snapshot->account(id);
    return AuthFailure{AuthFailure::Why::Credentials, known != nullptr ? known->address.text() : ""};
  }
  // RFC 4616 §2: acting as somebody else is not offered.
  if (!authorization_identity.empty() && find_account(authorization_identity) != id) return AuthFailure{AuthFailure::Why::OtherIdentity, account->address.text()};
  guard_.came_in(id, account->address.text(), peer.client_address);
  AuthSuccess success{id, account->address.text(), {}, {}};
  if (peer.protocol != Protocol::Smtp) success.ticket = tickets_.issue({id, peer.protocol, peer.client_address, began}, loop_.now());
  return success;
}

AuthService::Reply AuthService::redeem(const auth_protocol::RedeemRequest& request) {
  const auto snapshot = reader_.snapshot();
  if (!snapshot) return no_directory();
  auto login = tickets_.redeem(request.ticket, request.protocol, loop_.now());
  const auto* account = login ? admitted(*snapshot, login->account, login->protocol) : nullptr;
  if (!account || !snapshot->login_counts(login->account, login->began)) return auth_protocol::TicketRefusedReply{};
  return Vouched{account->id, account->address.text(), std::move(login->client_address)};
}

// Of names that nobody has: only what can be one, since users type passwords there.
abuse::LoginTry AuthService::try_of(const std::string& user, const PeerContext& peer, AccountId account) const {
  const auto snapshot = reader_.newest();
  const auto* known = snapshot && account != AccountId{} ? snapshot->account(account) : nullptr;
  const auto named = known == nullptr ? name_for_log(user) : known->address.text();
  return guard_.try_of(peer.client_address, named == user || known != nullptr ? named : std::string{}, account);
}

Task<AuthService::Verdict> AuthService::check(std::string user, std::string password, PeerContext peer, AccountId& account, std::string& why) {
  if (!reader_.snapshot()) co_return Verdict::Unavailable;
  const auto folded = ascii_lower(user);
  account = find_account(user);
  std::optional<Verifier> verifier;
  if (account != AccountId{}) {
    auto finding = workers_.run(loop_, [this, id = account] { return secrets_.find(id, soon()); });
    auto found = co_await std::move(finding);
    if (!found || !*found) co_return Verdict::Unavailable;
    verifier = std::move(**found);
  }
  // A client that logged in a moment ago is not slowed by somebody else's guesses.
  if (verifier && memory_.knows(account, *verifier, password, loop_.now())) co_return Verdict::Right;
  const auto turn = try_of(user, peer, account);
  auto waiting = guard_.wait_for_turn(turn);
  auto has_turn = co_await std::move(waiting);
  if (!has_turn) {
    why = std::move(has_turn).error();
    co_return Verdict::Unavailable;
  }
  // Names that nobody has take as long as wrong passwords.
  const auto cost = options_.cost;
  auto checking = workers_.run(loop_, [&verifier, &password, &cost] {
    if (verifier) return check_password(*verifier, password, cost);
    check_nothing(password, cost);
    return PasswordCheck::Wrong;
  });
  const auto checked = co_await std::move(checking);
  if (!checked) {
    guard_.undone(turn);
    co_return Verdict::Unavailable;
  }
  if (*checked == PasswordCheck::Wrong) {
    guard_.failed(turn, memory_.fingerprint(folded, password));
    co_return Verdict::Wrong;
  }
  guard_.succeeded(turn);
  memory_.remember(account, *verifier, password, loop_.now() + options_.remember);
  if (*checked == PasswordCheck::RightButWeak)
    // Lost when the queue is full or the store is down: the next login tries again.
    (void)workers_.start([secrets = secrets_, id = account, old = std::move(*verifier), password = std::move(password), cost]() mutable {
      if (const auto better = make_verifier(password, cost)) (void)secrets.replace(id, old, *better, soon());
    });
  co_return Verdict::Right;
}

Task<sasl::ScramKeys> AuthService::keys_for(std::string user, Exchange& exchange, bool& unavailable) {
  unavailable = !reader_.snapshot();
  if (unavailable) co_return sasl::ScramKeys{};
  exchange.account = find_account(user);
  exchange.turn = try_of(user, exchange.peer, exchange.account);
  auto waiting = guard_.wait_for_turn(*exchange.turn);
  auto has_turn = co_await std::move(waiting);
  if (!has_turn) {
    exchange.turn.reset();
    exchange.why = std::move(has_turn).error();
    unavailable = true;
    co_return sasl::ScramKeys{};
  }
  std::optional<Verifier> verifier;
  if (exchange.account != AccountId{}) {
    auto finding = workers_.run(loop_, [this, id = exchange.account] { return secrets_.find(id, soon()); });
    auto found = co_await std::move(finding);
    unavailable = !found || !*found;
    if (!unavailable) verifier = std::move(**found);
  }
  if (unavailable) guard_.undone(*exchange.turn);
  if (verifier && verifier->scram) co_return std::move(*verifier->scram);
  // RFC 5802 §9 leaves it to us: a name that nobody has gets keys that look real and stay the same.
  co_return sasl::fake_scram_keys(server_secret_, exchange.user, options_.cost.scram_iterations);
}

}  // namespace hikyaku::directory
