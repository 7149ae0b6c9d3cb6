#include "apps/pop3_store/run.h"

#include <fcntl.h>

#include "apps/front/store_door.h"
#include "apps/pop3_store/serve.h"
#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "io/posix_disk.h"
#include "services/directory/directory.h"
#include "services/directory/seen_page.h"
#include "services/telemetry/events.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::apps {
namespace {
constexpr int worker_threads = 4;
constexpr std::size_t queued_jobs = 10'000;

// Sessions end without deleting: a client that has not said QUIT finds everything again.
Task<void> stop_when_told(Service& service, io::Loop& loop, front::StoreDoor& door) {
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  door.close();
  loop.stop();
}
// Nobody is sent away because the directory is slow.
bool may_read(const directory::Reader& reader, AccountId id, WallTime began) {
  const auto snapshot = reader.snapshot();
  if (!snapshot) return true;
  const auto* account = snapshot->account(id);
  using directory::Enabled;
  return account != nullptr && account->enabled == Enabled::Yes && account->pop3 == Enabled::Yes && snapshot->login_counts(id, began);
}
}  // namespace

int run_pop3_store(Service& service) {
  const auto inherited = service.listeners("pop3-store");
  if (inherited.empty()) throw std::runtime_error("pop3-store was given no socket to listen on");
  io::PosixDisk disk;
  auto engine = storage::SqliteEngine::open(disk, service.path(folder::accounts));
  if (!engine) throw std::runtime_error("the accounts cannot be opened: " + engine.error().what);
  auto directory_engine = storage::SqliteEngine::open(disk, service.path(folder::directory));
  if (!directory_engine) throw std::runtime_error("the directory cannot be opened: " + directory_engine.error().what);
  std::string why;
  auto seen = directory::SeenPage::open(service.path("run/directory-seen"), why);
  if (!seen) service.log().write(telemetry::events::storage_trouble, {.reason = why});
  const directory::Reader reader(**directory_engine, std::move(seen), "pop3-store");
  const SystemClock clock;
  mailboxes::Mailboxes store(**engine, clock);
  io::Loop loop(loop_options(service));
  io::Workers workers(worker_threads, queued_jobs);
  const auto settings = service.settings();
  Pop3Store around{loop, workers, store, service.log(), settings->pop3.idle()};
  around.may_read = [&reader](AccountId account, WallTime began) { return may_read(reader, account, began); };
  service.when_reloaded([&] { loop.post([&] { around.idle = service.settings()->pop3.idle(); }); });
  const auto vouching = front::vouched_by_auth(loop, service.path("run/auth.sock"), directory::Protocol::Pop3);
  front::StoreDoor door(loop, io::Descriptor(::fcntl(inherited.front().descriptor, F_DUPFD_CLOEXEC, 0)), *vouching,
                        service.log(), static_cast<std::size_t>(settings->pop3.connections()),
                        [&around](front::LoggedIn who, std::unique_ptr<io::Connection> stream) {
                          return serve_pop3(around, std::move(who), std::move(stream));
                        });
  loop.spawn(door.serve());
  loop.spawn(stop_when_told(service, loop, door));
  loop.spawn(watch_over(around));
  service.ready();
  loop.run();
  service.when_reloaded({});
  return 0;
}

}  // namespace hikyaku::apps
