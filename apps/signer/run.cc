#include "apps/signer/run.h"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "apps/service/stop_when_told.h"
#include "io/posix_disk.h"
#include "services/signing/sign_service.h"

namespace hikyaku::apps {

namespace {

constexpr std::size_t most_waiting_jobs = 4'096;  // signatures beyond it are told to come again
constexpr Duration tell_interval = 10s;

// counters/signer/signatures, for metrics.
Task<void> tell_counts(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, const signing::SignService& signer) {
  const auto path = service.path(folder::counters) + "/" + service.name() + "/signatures";
  std::string told;
  while (!loop.stopping()) {
    if (auto text = signing::print_counts(signer.counts()); text != told) {
      auto writing = workers.run(loop, [&] { return io::replace_file(disk, path, text).has_value(); });
      const auto written = co_await std::move(writing);
      if (written && *written) told = std::move(text);
    }
    const auto woken = co_await loop.sleep_until(loop.after(tell_interval));
    if (woken == io::Wake::Cancelled) co_return;
  }
}

}  // namespace

int run_signer(Service& service) {
  io::PosixDisk disk;
  const signing::KeyStore store(disk, service.path(folder::dkim_keys));
  io::Workers workers(static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U)), most_waiting_jobs);
  io::Loop loop(loop_options(service));
  signing::SignService signer(loop, workers, store, service.log());
  const auto listeners = service.listeners("signer");
  if (listeners.empty()) throw std::runtime_error("signer was given no socket to listen on; start it through the supervisor.");
  // A copy: the original stays open for the successor.
  io::ChannelServer server(loop, io::Descriptor(::fcntl(listeners.front().descriptor, F_DUPFD_CLOEXEC, 3)),
                           [&signer](io::Message request, io::PeerProcess peer) { return signer.answer(std::move(request), peer); });
  loop.spawn(server.serve());
  loop.spawn(signer.follow_folder());
  loop.spawn(tell_counts(service, loop, workers, disk, signer));
  loop.spawn(stop_when_told(service, loop, server));
  service.ready();
  loop.run();
  return 0;
}

}  // namespace hikyaku::apps
