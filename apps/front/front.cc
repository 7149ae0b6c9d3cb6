#include "apps/front/front.h"

#include "apps/front/hand_over.h"
#include "apps/service/service_loop.h"
#include "io/listener.h"
#include "io/tls_context.h"
#include "services/telemetry/events.h"

#include <fcntl.h>

namespace hikyaku::apps::front {
namespace {
constexpr Duration farewell_limit = 2s;

// The loop of the process and what its clients share. Settings and TLS are read anew for each connection.
class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(Service& service, const Kind& kind)
      : service_(service),
        kind_(kind),
        loop_(loop_options(service)),
        logins_(auth_logins(loop_, service.path("run/auth.sock"))),
        store_(loop_, io::SocketAddress::unix_path(service.path(kind.store_socket))),
        limit_(limits().connections_per_address, limits().connections) {}

  int run();

 private:
  static Task<void> accept(Process& process, io::Listener& listener, std::string name);
  static Task<void> stop_when_told(Process& process);
  static Task<void> turn_away(Process& process, io::Accepted accepted);
  void admit(io::Accepted accepted, const std::string& name);
  void listen(const std::string& name);
  [[nodiscard]] Limits limits() const { return kind_.limits(*service_.settings()); }

  Service& service_;
  const Kind& kind_;
  io::Loop loop_;
  std::unique_ptr<Logins> logins_;
  io::ChannelClient store_;
  io::AddressLimit limit_;
  std::shared_ptr<const io::TlsServerContext> tls_;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
};

void Process::listen(const std::string& name) {
  for (const auto& inherited : service_.listeners(name)) {
    io::Descriptor own(::fcntl(inherited.descriptor, F_DUPFD_CLOEXEC, 0));
    if (!own) continue;
    listeners_.push_back(std::make_unique<io::Listener>(loop_, std::move(own)));
    loop_.spawn(accept(*this, *listeners_.back(), name));
  }
}

Task<void> Process::turn_away(Process& process, io::Accepted accepted) {
  io::Connection connection(process.loop_, std::move(accepted.socket), std::move(accepted.peer));
  auto writing = connection.write(process.kind_.too_many, process.loop_.after(farewell_limit));
  const auto written = co_await std::move(writing);
  if (!written) co_return;
  auto closing = connection.close(process.loop_.after(farewell_limit));
  co_await std::move(closing);
}

void Process::admit(io::Accepted accepted, const std::string& name) {
  const bool at_once = name == kind_.tls_listener;
  if (at_once && !tls_) return;
  auto place = limit_.enter(accepted.peer.is_ip() ? accepted.peer.ip() : io::IpAddress{});
  if (!place) {
    // Under TLS there are no words without a handshake: such a client is hung up on.
    if (!at_once) loop_.spawn(turn_away(*this, std::move(accepted)));
    return;
  }
  auto around = std::make_shared<const Surroundings>(Surroundings{loop_, kind_, *logins_, store_, service_.log(),
                                                                  service_.hostname(), limits().login_time, tls_});
  auto connection = std::make_unique<io::Connection>(loop_, std::move(accepted.socket), std::move(accepted.peer));
  loop_.spawn(serve(std::move(around), {std::move(connection), std::move(*place), name,
                                        at_once ? Client::Tls::AtOnce : Client::Tls::OnDemand}));
}

Task<void> Process::accept(Process& process, io::Listener& listener, std::string name) {
  for (;;) {
    auto accepting = listener.accept();
    auto accepted = co_await std::move(accepting);
    if (accepted) process.admit(std::move(*accepted), name);
    else if (accepted.error().kind != io::IoFailure::TimedOut) co_return;
  }
}

Task<void> Process::stop_when_told(Process& process) {
  auto told = told_to_stop(process.service_, process.loop_);
  co_await std::move(told);
  for (auto& listener : process.listeners_) listener->close();
  process.loop_.stop();
}

int Process::run() {
  tls_ = service_.tls();
  // The Service may tell of a reload until the process ends, this object is gone a little earlier.
  service_.when_reloaded([weak = weak_from_this()] {
    if (const auto process = weak.lock()) process->loop_.post([weak] {
      if (const auto alive = weak.lock()) alive->tls_ = alive->service_.tls();
    });
  });
  listen(kind_.listener);
  listen(kind_.tls_listener);
  loop_.spawn(stop_when_told(*this));
  service_.ready();
  loop_.run();
  return 0;
}
}  // namespace

int run(Service& service, const Kind& kind) { return std::make_shared<Process>(service, kind)->run(); }

}  // namespace hikyaku::apps::front
