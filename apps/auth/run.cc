#include "apps/auth/run.h"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "io/posix_disk.h"
#include "services/directory/auth_service.h"
#include "services/directory/seen_page.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::apps {

namespace {

using directory::AuthOptions;

constexpr std::size_t most_waiting_jobs = 512;  // logins beyond it are told to come again
constexpr Duration start_limit = 30s;

AuthOptions options_of(const settings::Settings& settings, std::string quota_page, const directory::SrsSecrets& srs, storage::Engine& directory) {
  const auto& section = settings.auth;
  AuthOptions options;
  options.slow_failures = section.slow_failures() ? AuthOptions::SlowFailures::Yes : AuthOptions::SlowFailures::No;
  options.remember = section.remember();
  options.quota_page = std::move(quota_page);
  options.srs = &srs;
  options.content = &directory;
  for (const auto& text : section.plaintext_login_networks())
    if (const auto network = io::IpNetwork::parse(text)) options.plaintext_networks.push_back(*network);
  for (const auto& text : settings.smtp.relay_networks())
    if (const auto network = io::IpNetwork::parse(text)) options.relay_networks.push_back(*network);
  return options;
}

std::unique_ptr<storage::SqliteEngine> open_engine(io::Disk& disk, const std::string& folder) {
  auto engine = storage::SqliteEngine::open(disk, folder);
  if (!engine) throw std::runtime_error(folder + " cannot be opened (" + engine.error().what + "); check that the service's user owns it.");
  return std::move(*engine);
}

Task<void> stop_when_told(Service& service, io::Loop& loop, io::ChannelServer& server) {
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  server.close();
  loop.stop();
}

}  // namespace

int run_auth(Service& service) {
  io::PosixDisk disk;
  const auto directory_engine = open_engine(disk, service.path(folder::directory));
  const auto secrets_engine = open_engine(disk, service.path(folder::secrets));
  const auto srs_engine = open_engine(disk, service.path(folder::srs));
  directory::SrsSecrets srs(*srs_engine);
  if (const auto prepared = srs.prepare(SystemClock{}.now() + start_limit); !prepared) throw std::runtime_error(prepared.error().what);
  std::string why;
  auto seen = directory::SeenPage::open(service.path(folder::run) + "/directory-seen", why);
  if (!seen) throw std::runtime_error(why + "; commands cannot learn when their changes are in force. Check the owner of the run folder.");
  const directory::Reader reader(*directory_engine, seen, service.name());

  // argon2id takes 19 MiB and 90 ms of one core each: more threads than cores would only use more memory.
  io::Workers workers(static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U)), most_waiting_jobs);
  io::Loop loop(loop_options(service));
  directory::AuthService auth(loop, workers, reader, directory::Secrets(*secrets_engine), options_of(*service.settings(), service.path(folder::quota_used), srs, *directory_engine));
  if (const auto prepared = auth.prepare(loop.after(start_limit)); !prepared) throw std::runtime_error(prepared.error().what);

  const auto listeners = service.listeners("auth");
  if (listeners.empty()) throw std::runtime_error("auth was given no socket to listen on; start it through the supervisor.");
  // A copy: the original stays open for the successor.
  io::ChannelServer server(loop, io::Descriptor(::fcntl(listeners.front().descriptor, F_DUPFD_CLOEXEC, 3)),
                           [&auth](io::Message request, io::PeerProcess peer) { return auth.answer(std::move(request), peer); });
  service.when_reloaded([&] {
    loop.post([&auth, options = options_of(*service.settings(), service.path(folder::quota_used), srs, *directory_engine)]() mutable { auth.set_options(std::move(options)); });
  });
  loop.spawn(server.serve());
  loop.spawn(auth.follow_secrets());
  loop.spawn(stop_when_told(service, loop, server));
  service.ready();
  loop.run();
  service.when_reloaded({});
  return 0;
}

}  // namespace hikyaku::apps
