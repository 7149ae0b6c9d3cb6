#include "apps/receive/run.h"

#include <thread>

#include "apps/receive/bell.h"
#include "apps/receive/front.h"
#include "apps/receive/list_watch.h"
#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "io/posix_disk.h"

namespace hikyaku::apps {
namespace {

using receive::Front;
using receive::Port;
using receive::Reception;

constexpr int worker_threads = 4;
constexpr std::size_t worker_queue = 10'000;
constexpr unsigned most_loops = 8;

std::unique_ptr<spool::IncomingWriter> open_incoming(Service& service, io::Disk& disk) {
  spool::IncomingOptions options;
  options.folder = folder::in(service.data_folder(), folder::receive_journal);
  options.node = static_cast<std::uint16_t>(service.settings()->node.id());
  options.journal = 1;
  // Reception stops here; what is below it is for delivery to drain the queue with.
  options.segments.reserve_octets = service.settings()->spool.reserve().octets;
  options.most_queued_octets = service.settings()->spool.memory().octets;
  auto incoming = spool::IncomingWriter::open(disk, std::move(options));
  if (!incoming) throw std::runtime_error("receive cannot open its journal: " + incoming.error().what);
  return std::move(*incoming);
}

void listen(Service& service, Front& front) {
  for (const auto port : {Port::Smtp, Port::Submission, Port::Submissions, Port::Lmtp})
    for (const auto& listener : service.listeners(receive::port_names[static_cast<std::size_t>(port)]))
      front.loop.spawn(front.accept(port, listener.descriptor));
}

// What was remembered of strangers, of inner servers' users and of sessions, and seen for reports about DMARC; and what is told us of escrow.
struct Memories {
  policy::GreylistStore& greylist;
  policy::RecipientStore& inner;
  policy::SessionJournal& sessions;
  dmarc_reports::SeenStore& dmarc_seen;
  escrow::Intake& escrow;

  // All of them, whatever becomes of one; blocks.
  io::DiskResult<> save(WallTime now) const {
    escrow.refresh(now);
    auto of_greylist = greylist.save(now);
    auto of_inner = inner.save(now);
    auto of_sessions = sessions.save(now);
    auto of_dmarc = dmarc_seen.save(now);
    if (!of_greylist) return of_greylist;
    if (!of_inner) return of_inner;
    return of_sessions ? of_dmarc : of_sessions;
  }
};

// On the first loop: they go to the disk.
Task<void> keep_memories(Front& front, Memories memories) {
  while (!front.loop.stopping()) {
    auto saving = front.reception.workers.run(front.loop, [&memories, now = front.reception.clock.wall()] { return memories.save(now); });
    const auto saved = co_await std::move(saving);
    if (saved && !*saved) front.reception.service.log().write(telemetry::events::storage_trouble, {.reason = saved->error().what});
    co_await front.loop.sleep_until(front.loop.after(2s));
  }
}

// How far the rates are used, whenever `hikyaku policy rates` asks by a file: the time of the answer on a line of its own, and RateBook::text().
Task<void> tell_rates(Front& front, io::Disk& disk, std::string path) {
  while (!front.loop.stopping()) {
    auto telling = front.reception.workers.run(front.loop, [&] {
      if (!disk.info(path + ".ask")) return;
      (void)disk.remove(path + ".ask");
      const auto at = front.reception.clock.wall().time_since_epoch().count();
      (void)io::replace_file(disk, path, std::to_string(at) + "\n" + front.reception.rates.text(front.reception.clock.now()));
    });
    const auto ran = co_await std::move(telling);
    (void)ran;
    const auto woken = co_await front.loop.sleep_until(front.loop.after(500ms));
    if (woken == io::Wake::Cancelled) co_return;
  }
}

// On the first loop: the order to stop, handed on to all.
Task<void> drain_when_told(Service& service, std::vector<std::unique_ptr<Front>>& fronts) {
  auto& loop = fronts.front()->loop;
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  const Duration limit = service.settings()->serve.stop_limit() / 2;
  for (const auto& front : fronts) front->loop.post([raw = front.get(), limit] { raw->drain(limit); });
}

}  // namespace

int run_receive(Service& service) {
  io::PosixDisk disk;
  const auto incoming = open_incoming(service, disk);
  receive::Bell bell(service.path("run/deliver-bell.sock"));
  incoming->on_group([&bell] { bell.ring(); });
  receive::HeldQuota held(service.path(folder::held_used));
  policy::GreylistStore greylist(disk, service.path(folder::policy), policy::policy_settings(*service.settings()).greylist);
  if (!greylist.trouble().empty()) service.log().write(telemetry::events::storage_trouble, {.reason = greylist.trouble()});
  policy::RecipientStore inner(disk, service.path(folder::policy), policy::policy_settings(*service.settings()).recipients);
  if (!inner.trouble().empty()) service.log().write(telemetry::events::storage_trouble, {.reason = inner.trouble()});
  policy::SessionJournal sessions(disk, service.path(folder::policy), policy::policy_settings(*service.settings()).sessions);
  quarantine::Store quarantine(disk, service.path(folder::quarantine), service.settings()->spool.reserve().octets);
  // What is accepted needs the disk more than copies of what is not.
  escrow::Intake escrow(disk, service.path(folder::escrow), 2 * service.settings()->spool.reserve().octets);
  dmarc_reports::SeenStore dmarc_seen(disk, service.path(folder::dmarc_seen));
  policy::ListHealth list_health;
  io::Workers workers(worker_threads, worker_queue);
  const auto& smtp = service.settings()->smtp;
  const unsigned loops = std::clamp(std::thread::hardware_concurrency(), 1U, most_loops);
  Reception reception{.service = service,
                      .incoming = *incoming,
                      .workers = workers,
                      .places = {static_cast<std::size_t>(smtp.connections_per_address()), static_cast<std::size_t>(smtp.connections())},
                      .bell = bell,
                      .held = held,
                      .greylist = greylist,
                      .inner_recipients = inner,
                      .sessions = sessions,
                      .life = std::to_string(SystemClock{}.wall().time_since_epoch().count()),
                      .quarantine = quarantine,
                      .escrow = escrow,
                      .dmarc_seen = dmarc_seen,
                      .list_health = list_health,
                      .suffixes = receive::read_suffixes(disk),
                      .loops = loops,
                      .current = receive::make_policies(service)};
  reception.rates.set(reception.current->policy.rates);
  service.when_reloaded([&] {
    auto policies = receive::make_policies(service);
    greylist.set_terms(policies->policy.greylist);
    inner.set_terms(policies->policy.recipients);
    sessions.set_terms(policies->policy.sessions);
    reception.rates.set(policies->policy.rates);
    reception.replace_policies(std::move(policies));
  });

  std::vector<std::unique_ptr<Front>> fronts;
  for (unsigned i = 0; i < loops; ++i) {
    fronts.push_back(std::make_unique<Front>(reception, loop_options(service)));
    listen(service, *fronts.back());
  }
  fronts.front()->loop.spawn(drain_when_told(service, fronts));
  fronts.front()->loop.spawn(receive::watch_lists(*fronts.front()));
  const Memories memories{greylist, inner, sessions, dmarc_seen, escrow};
  fronts.front()->loop.spawn(keep_memories(*fronts.front(), memories));
  fronts.front()->loop.spawn(tell_rates(*fronts.front(), disk, service.path(folder::policy) + "/rates"));
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < loops; ++i) threads.emplace_back([front = fronts[i].get()] { front->loop.run(); });
  service.ready();
  fronts.front()->loop.run();
  threads.clear();
  service.when_reloaded([] {});
  // Every answer is given before the loops that wait for it go.
  incoming->stop();
  fronts.clear();
  if (const auto saved = memories.save(reception.clock.wall()); !saved) service.log().write(telemetry::events::storage_trouble, {.reason = saved.error().what});
  return 0;
}

}  // namespace hikyaku::apps
