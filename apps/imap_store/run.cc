#include "apps/imap_store/run.h"

#include <fcntl.h>
#include <malloc.h>

#include "apps/front/store_door.h"
#include "apps/imap_store/session_task.h"
#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "base/local_zone.h"
#include "io/posix_disk.h"
#include "services/directory/directory.h"
#include "services/directory/seen_page.h"
#include "services/telemetry/events.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;

constexpr int worker_threads = 8;  // a commit waits for the disk: more threads than processors
constexpr std::size_t waiting_requests = 20'000;
constexpr Duration stop_limit = 8s;

std::unique_ptr<storage::SqliteEngine> open_engine(Service& service, io::Disk& disk, std::string_view inside) {
  auto engine = storage::SqliteEngine::open(disk, folder::in(service.data_folder(), inside));
  if (engine) return *std::move(engine);
  service.log().write(events::service_failed, {.text = inside, .reason = engine.error().what});
  return nullptr;
}

std::shared_ptr<const imap::SessionSettings> session_settings(const settings::Settings& settings) {
  imap::SessionSettings wanted;
  wanted.zone = local_zone;
  wanted.append_limit_octets = settings.imap.append_size().octets;
  wanted.framing.command_octets = static_cast<std::uint32_t>(settings.imap.command_size().octets);
  return std::make_shared<const imap::SessionSettings>(std::move(wanted));
}

// The directory as the sessions see it: limits, and who may still read.
class Accounts {
 public:
  Accounts(storage::Engine& engine, std::shared_ptr<directory::SeenPage> seen) : reader_(engine, std::move(seen), "imap-store") {}

  // While the directory does not answer the newest known limit counts.
  [[nodiscard]] mailboxes::QuotaLimit quota(AccountId id) const {
    const auto snapshot = reader_.newest();
    const auto* account = snapshot ? snapshot->account(id) : nullptr;
    if (account == nullptr) return {};
    return {account->quota_octets, account->quota_messages};
  }
  // Nobody is sent away because the directory is slow.
  [[nodiscard]] bool may_read(AccountId id, WallTime began) const {
    const auto snapshot = reader_.snapshot();
    if (!snapshot) return true;
    const auto* account = snapshot->account(id);
    return account != nullptr && account->enabled == directory::Enabled::Yes && account->imap == directory::Enabled::Yes && snapshot->login_counts(id, began);
  }

 private:
  directory::Reader reader_;
};

// Waits for the order, takes nobody any more, lets the sessions say goodbye, and stops the loop.
Task<void> stop_when_told(Service& service, imap_store::Hall& hall, front::StoreDoor& door) {
  auto told = told_to_stop(service, hall.loop);
  co_await std::move(told);
  door.close();
  imap_store::dismiss_all(hall);
  const auto give_up_at = hall.loop.after(stop_limit);
  while (door.sessions() > 0 && hall.loop.now() < give_up_at) {
    auto pause = hall.loop.sleep_until(hall.loop.after(20ms));
    if (co_await pause == io::Wake::Cancelled) break;
  }
  hall.loop.stop();
}

}  // namespace

int run_imap_store(Service& service) {
  // Thousands of idle sessions are worth more than a second arena for each thread.
  ::mallopt(M_ARENA_MAX, 2);
  io::PosixDisk disk;
  const auto accounts_engine = open_engine(service, disk, folder::accounts);
  const auto directory_engine = open_engine(service, disk, folder::directory);
  if (!accounts_engine || !directory_engine) return 1;
  std::string why;
  auto seen = directory::SeenPage::open(service.path("run/directory-seen"), why);
  if (!seen) service.log().write(events::storage_trouble, {.reason = why});
  const Accounts accounts(*directory_engine, std::move(seen));
  const SystemClock clock;
  mailboxes::Mailboxes mailboxes(*accounts_engine, clock);
  imap_store::Shared shared{mailboxes, clock, [&accounts](AccountId id) { return accounts.quota(id); }};
  shared.append_folder = folder::in(service.data_folder(), folder::accounts);
  io::Workers workers(worker_threads, waiting_requests);
  io::Loop loop(loop_options(service));
  const auto settings = service.settings();
  imap_store::Hall hall{loop, workers, shared, service.log(), settings->imap.idle(), session_settings(*settings)};
  service.when_reloaded([&] {
    loop.post([&] {
      const auto changed = service.settings();
      hall.idle_limit = changed->imap.idle();
      hall.settings = session_settings(*changed);
    });
  });

  const auto listeners = service.listeners("imap-store");
  if (listeners.empty()) {
    service.log().write(events::service_failed, {.reason = "the supervisor gave no socket named imap-store"});
    return 1;
  }
  io::Descriptor listening(::fcntl(listeners.front().descriptor, F_DUPFD_CLOEXEC, 0));
  const auto vouching = front::vouched_by_auth(loop, service.path("run/auth.sock"), directory::Protocol::Imap);
  front::StoreDoor door(loop, std::move(listening), *vouching, service.log(), settings->imap.connections(),
                        [&hall](front::LoggedIn who, std::unique_ptr<io::Connection> stream) {
                          return imap_store::serve_session(hall, std::move(who), std::move(stream));
                        });
  loop.spawn(door.serve());
  loop.spawn(stop_when_told(service, hall, door));
  loop.spawn(imap_store::watch_over(hall, [&accounts](AccountId id, WallTime began) { return accounts.may_read(id, began); }));
  loop.spawn(imap_store::give_memory_back(hall));
  service.ready();
  loop.run();
  service.when_reloaded({});
  return 0;
}

}  // namespace hikyaku::apps
