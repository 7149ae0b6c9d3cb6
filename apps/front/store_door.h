// StoreDoor: how a store process (imap-store, pop3-store) takes the clients that its front hands over. Every process of
// the same user reaches the socket, fronts that meet strangers among them, so that reaching it proves nothing: a client
// comes in on the word of `auth`, which the hand-over's ticket asks for (docs/adr/0011-login-tickets.md).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "apps/front/hand_over.h"
#include "io/channel.h"
#include "io/connection.h"
#include "services/directory/auth_client.h"
#include "services/telemetry/log.h"

namespace hikyaku::apps::front {

// Whose login a ticket proves.
class Vouching {
 public:
  virtual ~Vouching() = default;
  virtual Task<directory::Answer<std::optional<directory::Vouched>>> redeem(std::string ticket) = 0;
};
// Asks `auth` at `socket_path` (run/auth.sock) for logins by `protocol`.
[[nodiscard]] std::unique_ptr<Vouching> vouched_by_auth(io::Loop& loop, std::string socket_path, directory::Protocol protocol);

class StoreDoor {
 public:
  // Serves one client to its end; runs as a coroutine of its own on the loop.
  using Session = std::function<Task<void>(LoggedIn who, std::unique_ptr<io::Connection> stream)>;

  // `listening` is the inherited "pop3-store" or "imap-store" socket. The door must outlive the loop's run.
  StoreDoor(io::Loop& loop, io::Descriptor listening, Vouching& vouching, telemetry::Log& log, std::size_t sessions_limit,
            Session session);

  // Spawn it. Ends after close().
  Task<void> serve() { return server_.serve(); }
  // Takes nobody any more; running sessions go on.
  void close();
  [[nodiscard]] std::size_t sessions() const { return *sessions_; }

 private:
  class Place;  // among the sessions
  Task<io::Message> answer(io::Message request, io::PeerProcess peer);
  Task<Taken> admit(io::Message request, io::PeerProcess peer);
  void log_unproven(const HandedOver& who, io::PeerProcess peer);
  static Task<void> run(Place place, Session& session, LoggedIn who, std::unique_ptr<io::Connection> stream);

  io::Loop& loop_;
  Vouching& vouching_;
  telemetry::Log& log_;
  std::size_t sessions_limit_;
  Session session_;
  std::shared_ptr<std::size_t> sessions_ = std::make_shared<std::size_t>(0);
  bool closed_ = false;
  io::ChannelServer server_;
};

}  // namespace hikyaku::apps::front
