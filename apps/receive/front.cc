#include "apps/receive/front.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "apps/receive/session.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
constexpr std::size_t most_known_rights = 4096;
// While `auth` is away a client waits this long for an answer, which then is 4xx.
constexpr Duration auth_limit = 5s;

// One short write into an empty socket buffer; who does not get it gets the end of the connection.
void turn_away(Reception& reception, const io::Accepted& accepted, Port port, std::string_view why) {
  const auto words = smtp::turned_away(reception.policies()->hostname, why);
  (void)::send(accepted.socket.get(), words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  reception.service.log().write(events::connection_refused,
                                {.client = accepted.peer.is_ip() ? accepted.peer.ip().to_string() : std::string{},
                                 .listener = port_names[static_cast<std::size_t>(port)],
                                 .reason = why});
}

}  // namespace

Front::Front(Reception& shared, io::Loop::Options options)
    : loop(std::move(options)), reception(shared), auth(loop, shared.service.path("run/auth.sock"), auth_limit, shared.service.path("run/directory-seen")), gate(loop), inner(loop, shared.inner_recipients, shared.service.path("run/deliver-asks.sock")) {}

Task<void> Front::accept(Port port, int descriptor) {
  // Our own number for the inherited socket: closing it leaves the supervisor's open for a successor.
  listeners_.push_back(std::make_unique<io::Listener>(loop, io::Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0))));
  io::Listener& listener = *listeners_.back();
  listener.on_shortage = [this](const io::IoError& error) {
    reception.service.log().write(events::storage_trouble, {.reason = error.what});
  };
  while (!draining) {
    auto accepting = listener.accept();
    auto accepted = co_await std::move(accepting);
    if (!accepted) {
      if (accepted.error().kind == io::IoFailure::TimedOut) continue;
      co_return;
    }
    const auto policies = reception.policies();
    const auto& peer = accepted->peer;
    const bool limited = peer.is_ip() && !settings::address_is_in(peer.ip().to_string(), policies->settings->smtp.unlimited_networks());
    auto place = limited ? reception.places.enter(peer.ip()) : std::nullopt;
    if (limited && !place) {
      turn_away(reception, *accepted, port, "Too many connections, come back later");
      continue;
    }
    auto open = OpenPlace::enter(reception.open, static_cast<std::uint64_t>(policies->settings->smtp.connections()));
    if (!open) {
      turn_away(reception, *accepted, port, "Too many connections, come back later");
      continue;
    }
    loop.spawn(serve(*this, policies, port, std::move(*accepted), {std::move(place), std::move(*open)}));
  }
}

void Front::drain(Duration limit) {
  if (draining) return;
  draining = true;
  for (const auto& listener : listeners_) listener->close();
  for (auto* session : sessions) session->interrupt_if_idle();
  loop.spawn(stop_when_empty(loop.after(limit)));
}

Task<void> Front::stop_when_empty(Deadline deadline) {
  while (!sessions.empty() && loop.now() < deadline) co_await loop.sleep_until(loop.after(20ms));
  loop.stop();
}

Task<directory::Answer<directory::PeerRights>> Front::rights(directory::PeerContext peer) {
  std::string key = peer.client_address + (peer.tls == directory::TlsState::Tls ? "+tls" : "") + (peer.channel_binding.empty() ? "" : "+binding");
  const auto now = loop.now();
  if (const auto known = known_rights_.find(key); known != known_rights_.end() && known->second.until > now)
    co_return known->second.rights;
  // Whoever comes while `auth` does not answer is not kept waiting too.
  if (auth_away_until_ > now) co_return directory::TemporaryFailure{"auth did not answer a moment ago"};
  auto asking = auth.rights(std::move(peer));
  auto answer = co_await std::move(asking);
  if (const auto* rights = std::get_if<directory::PeerRights>(&answer)) {
    if (known_rights_.size() >= most_known_rights) known_rights_.clear();
    known_rights_.insert_or_assign(std::move(key), KnownRights{*rights, now + 1s});
  }
  if (std::holds_alternative<directory::TemporaryFailure>(answer)) auth_away_until_ = loop.now() + 1s;
  co_return answer;
}

}  // namespace hikyaku::receive
