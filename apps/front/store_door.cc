#include "apps/front/store_door.h"

#include <utility>

namespace hikyaku::apps::front {
namespace {
constexpr Duration vouching_limit = 10s;  // less than the front waits for the hand-over

class VouchedByAuth final : public Vouching {
 public:
  VouchedByAuth(io::Loop& loop, std::string socket_path, directory::Protocol protocol)
      : client_(loop, std::move(socket_path), vouching_limit), protocol_(protocol) {}
  Task<directory::Answer<std::optional<directory::Vouched>>> redeem(std::string ticket) override {
    return client_.redeem(std::move(ticket), protocol_);
  }

 private:
  directory::AuthClient client_;
  directory::Protocol protocol_;
};
}  // namespace

std::unique_ptr<Vouching> vouched_by_auth(io::Loop& loop, std::string socket_path, directory::Protocol protocol) {
  return std::make_unique<VouchedByAuth>(loop, std::move(socket_path), protocol);
}

// Counted from before the ticket is looked at, given back however the session ends.
class StoreDoor::Place {
 public:
  explicit Place(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
  Place(Place&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (count_) --*count_;
  }

 private:
  std::shared_ptr<std::size_t> count_;
};

StoreDoor::StoreDoor(io::Loop& loop, io::Descriptor listening, Vouching& vouching, telemetry::Log& log,
                     std::size_t sessions_limit, Session session)
    : loop_(loop),
      vouching_(vouching),
      log_(log),
      sessions_limit_(sessions_limit),
      session_(std::move(session)),
      server_(loop, std::move(listening),
              [this](io::Message request, io::PeerProcess peer) { return answer(std::move(request), peer); }) {}

void StoreDoor::close() {
  closed_ = true;
  server_.close();
}

Task<void> StoreDoor::run(Place place, Session& session, LoggedIn who, std::unique_ptr<io::Connection> stream) {
  const Place held(std::move(place));
  auto serving = session(std::move(who), std::move(stream));
  co_await std::move(serving);
}

void StoreDoor::log_unproven(const HandedOver& who, io::PeerProcess peer) {
  const std::string text = "process " + std::to_string(peer.pid);
  log_.write(telemetry::events::login_unproven,
             {.listener = who.listener, .text = text,
              .reason = "auth knows no such ticket: it was restarted after the login, or that process made it up"});
}

Task<Taken> StoreDoor::admit(io::Message request, io::PeerProcess peer) {
  auto who = HandedOver::decode(request.octets);
  if (closed_ || !who || request.descriptors.size() != 1) co_return Taken::Stopping;
  if (*sessions_ >= sessions_limit_) co_return Taken::TooMany;
  Place place(sessions_);
  auto redeeming = vouching_.redeem(std::move(who->ticket));
  auto answer = co_await std::move(redeeming);
  if (const auto* failed = std::get_if<directory::TemporaryFailure>(&answer)) {
    log_.write(telemetry::events::peer_trouble, {.listener = who->listener, .service = "auth", .reason = failed->what});
    co_return Taken::Unavailable;
  }
  auto& vouched = std::get<std::optional<directory::Vouched>>(answer);
  if (!vouched) {
    log_unproven(*who, peer);
    co_return Taken::Unproven;
  }
  if (closed_) co_return Taken::Stopping;
  LoggedIn logged_in{vouched->account, std::move(vouched->address), std::move(vouched->client_address), std::move(who->tls),
                     std::move(who->listener), std::move(who->opening)};
  auto stream = std::make_unique<io::Connection>(loop_, std::move(request.descriptors.front()), io::SocketAddress{});
  loop_.spawn(run(std::move(place), session_, std::move(logged_in), std::move(stream)));
  co_return Taken::Yes;
}

Task<io::Message> StoreDoor::answer(io::Message request, io::PeerProcess peer) {
  auto admitting = admit(std::move(request), peer);
  const auto taken = co_await std::move(admitting);
  co_return io::Message{encode(taken), {}};
}

}  // namespace hikyaku::apps::front
