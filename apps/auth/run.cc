#include "apps/auth/run.h"

#include <fcntl.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>

#include "apps/auth/orders.h"
#include "apps/auth/suspended_page.h"
#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "apps/service/stop_when_told.h"
#include "base/cursor.h"
#include "io/posix_disk.h"
#include "services/abuse/countries_file.h"
#include "services/abuse/login_folder.h"
#include "services/directory/auth_service.h"
#include "services/directory/editor.h"
#include "services/directory/seen_page.h"
#include "services/telemetry/abuse_events.h"
#include "services/telemetry/stamp.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::apps {

namespace {

using directory::AuthOptions;

constexpr std::size_t most_waiting_jobs = 512;  // logins beyond it are told to come again
constexpr Duration start_limit = 30s;
constexpr Duration save_interval = 1min, look_interval = 1s;

directory::GuardTerms guard_terms(const settings::Settings& settings) {
  directory::GuardTerms terms;
  terms.slow_failures = settings.auth.slow_failures() ? directory::SlowFailures::Yes : directory::SlowFailures::No;
  for (const auto& text : settings.policy.exempt_networks())
    if (const auto network = io::IpNetwork::parse(text)) terms.penalties.exempt.push_back(*network);
  using directory::WatchSending;
  const auto& abuse = settings.abuse;
  terms.watch = abuse.hijacked() == "off" ? WatchSending::Off : abuse.hijacked() == "shadow" ? WatchSending::Shadow : WatchSending::Enforce;
  for (const auto& address : abuse.unwatched()) terms.unwatched.insert(ascii_lower(address));
  const auto number = [](const auto& setting) { return static_cast<std::uint64_t>(setting()); };
  terms.sending = {number(abuse.recipients), number(abuse.times_usual), number(abuse.new_networks), number(abuse.refused)};
  return terms;
}

AuthOptions options_of(const settings::Settings& settings, std::string quota_page, const directory::SrsSecrets& srs, storage::Engine& directory) {
  const auto& section = settings.auth;
  AuthOptions options;
  options.guard = guard_terms(settings);
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

// What was learned goes to the disk, and what belongs to accounts that are no more goes.
Task<void> keep_habits(Service& service, io::Loop& loop, io::Workers& workers, abuse::HabitsStore& habits, const directory::Reader& reader) {
  while (!loop.stopping()) {
    const auto woken = co_await loop.sleep_until(loop.after(save_interval));
    if (woken == io::Wake::Cancelled) co_return;
    auto saving = workers.run(loop, [&] {
      std::set<std::uint64_t> accounts;
      if (const auto snapshot = reader.newest()) {
        for (const auto& account : snapshot->contents().accounts) accounts.insert(account.id.value());
        habits.keep_only(accounts);
      }
      return habits.save();
    });
    const auto saved = co_await std::move(saving);
    if (saved && !*saved) service.log().write(telemetry::events::storage_trouble, {.reason = saved->error().what});
  }
}

// The supervisor's copy of the database, as the settings name one or none.
Task<void> follow_countries(Service& service, io::Loop& loop, io::Workers& workers, abuse::CountriesFile& countries) {
  while (!loop.stopping()) {
    if (service.settings()->abuse.country_database().empty()) {
      countries.forget();
    } else {
      auto looking = workers.run(loop, [&] { return countries.follow(); });
      const auto look = co_await std::move(looking);
      if (look && look->opened) service.log().write(telemetry::events::countries_opened, {.text = look->opened->type() + " of " + telemetry::day_text(look->opened->made())});
      if (look && look->trouble) service.log().write(telemetry::events::countries_refused, {.reason = look->trouble->sentence(service.path(folder::countries))});
    }
    const auto woken = co_await loop.sleep_until(loop.after(look_interval));
    if (woken == io::Wake::Cancelled) co_return;
  }
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
  abuse::HabitsStore habits(disk, service.path(abuse::logins_folder));
  if (!habits.trouble().empty()) service.log().write(telemetry::events::storage_trouble, {.reason = habits.trouble()});
  // Of suspensions only. It does not wait to be followed: `auth` answers by what it knows meanwhile.
  directory::Editor editor(*directory_engine, *secrets_engine, nullptr);
  abuse::CountriesFile countries(service.path(folder::countries));
  directory::GuardParts guard{&habits, &service.log(), [&editor](AccountId account, const std::string& evidence, WallTime now) {
    return editor.suspend(account, directory::suspended_by_auth, evidence, directory::Editor::Sessions::GoOn, now);
  }, &countries};
  directory::AuthService auth(loop, workers, reader, directory::Secrets(*secrets_engine), options_of(*service.settings(), service.path(folder::quota_used), srs, *directory_engine), std::move(guard));
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
  LoginOrders orders(service, loop, workers, disk, auth.guard());
  SuspendedPage suspended(service, loop, workers, disk, reader, auth.guard());
  loop.spawn(auth.follow_secrets());
  loop.spawn(orders.run());
  loop.spawn(suspended.run());
  loop.spawn(keep_habits(service, loop, workers, habits, reader));
  loop.spawn(follow_countries(service, loop, workers, countries));
  loop.spawn(stop_when_told(service, loop, server));
  service.ready();
  loop.run();
  service.when_reloaded({});
  if (const auto saved = habits.save(); !saved) service.log().write(telemetry::events::storage_trouble, {.reason = saved.error().what});
  return 0;
}

}  // namespace hikyaku::apps
