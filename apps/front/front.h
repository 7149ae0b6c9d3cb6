// Front: the process that meets clients of IMAP or POP3. It has TLS, runs the conversation until the login, asks `auth`,
// gives the client to the store process and then only relays octets. It opens no mailbox and reads no secret.
//
//   int run_pop3_front(Service& service) { return front::run(service, pop3_kind()); }
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "apps/front/conversation.h"
#include "apps/front/logins.h"
#include "apps/service/service.h"
#include "io/address_limit.h"
#include "io/channel.h"
#include "io/connection.h"
#include "services/telemetry/event.h"

namespace hikyaku::apps::front {

struct Limits {
  Duration login_time{};
  std::size_t connections = 0, connections_per_address = 0;
};

// What makes a front one of IMAP or of POP3.
struct Kind {
  directory::Protocol protocol{};
  std::string listener;           // "pop3": plain, with STARTTLS where a certificate is configured
  std::string tls_listener;       // "pop3s": TLS from the first octet
  std::string store_socket;       // inside the data folder: "run/pop3-store.sock"
  std::string too_many;           // what a client beyond the limits is told before it is hung up on
  const telemetry::Event* login;
  const telemetry::Event* login_failed;
  std::function<Limits(const settings::Settings&)> limits;
  // A conversation that begins with its greeting. `hostname` is this server's name.
  std::function<std::unique_ptr<Conversation>(const Offer& offer, const std::string& hostname)> talk;
};

// Serves until the order to stop; the result of the process.
int run(Service& service, const Kind& kind);

// One client from its first octet to its last; for run() and tests. `tls` may be null: TLS is not configured.
struct Client {
  std::unique_ptr<io::Connection> connection;
  io::AddressLimit::Place place;
  std::string listener;
  enum class Tls : std::uint8_t { OnDemand, AtOnce } tls = Tls::OnDemand;
};
struct Surroundings {
  io::Loop& loop;
  const Kind& kind;
  Logins& logins;
  io::ChannelClient& store;
  telemetry::Log& log;
  std::string hostname;
  Duration login_time{};
  std::shared_ptr<const io::TlsServerContext> tls_context;
};
Task<void> serve(std::shared_ptr<const Surroundings> surroundings, Client client);

}  // namespace hikyaku::apps::front
