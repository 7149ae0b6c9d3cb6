#include "apps/virusdb/run.h"

#include "apps/service/service_loop.h"
#include "apps/virusdb/options.h"
#include "io/repeat.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
using virusdb::Kind, virusdb::Updater;

constexpr int worker_threads = 1;
constexpr std::size_t worker_queue = 4;
constexpr Duration look_interval = 1s, tell_interval = 1min;

// One look: whether patterns are to be fetched, what came of it, and how old they are now.
class Keeper {
 public:
  explicit Keeper(Service& service) : service_(service) {}

  // Blocks, for as long as freshclam and clamscan take.
  void look() {
    const auto settings = service_.settings();
    const auto now = clock_.wall();
    auto options = virusdb_options(*settings);
    options.stop_descriptor = service_.stop_descriptor();
    Updater updater(std::move(options));
    if (!next_) {  // a new life goes on where the one before was
      const auto status = updater.status();
      next_ = status && status->generation != 0 ? status->checked + settings->virusdb.interval() : now;
    }
    const auto latest = now + settings->virusdb.interval();
    next_ = std::min(*next_, latest);  // a shorter interval counts at once
    if (now < *next_) return tell_clamd_again(updater, now);
    next_ = latest;
    tell(updater.update(now, virusdb::Force::No));
    look_at_the_age(updater, now, settings->virusdb.stale());
  }

 private:
  void tell(const Updater::Outcome& outcome) {
    auto& log = service_.log();
    if (!outcome) return log.write(events::patterns_refused, {.reason = outcome.error()});
    if (!*outcome) return;
    const auto& record = **outcome;
    if (record.kind != Kind::Updated) return log.write(events::patterns_refused, {.text = record.names, .reason = record.why});
    log.write(events::patterns_updated, {.count = record.generation, .text = record.names, .reason = record.why});
    told_stale_.reset();
  }

  // clamd may have been away, or busy, when it was told.
  void tell_clamd_again(Updater& updater, WallTime now) {
    if (now < tell_next_ && tell_next_ - now <= tell_interval) return;
    tell_next_ = now + std::chrono::duration_cast<std::chrono::microseconds>(tell_interval);
    const auto told = updater.tell_again(now);
    const std::string why = !told ? told.error() : *told ? (*told)->why : std::string{};
    if (told && *told && why.empty()) service_.log().write(events::patterns_updated, {.count = (*told)->generation, .reason = "clamd works with them now"}), told_stale_.reset();
    if (!why.empty() && why != told_why_) service_.log().write(events::patterns_refused, {.reason = "clamd was not told: " + why});
    told_why_ = why;
  }

  void look_at_the_age(Updater& updater, WallTime now, Duration stale) {
    const auto status = updater.status();
    const bool is_stale = stale > Duration{} && status && (status->generation == 0 || now - status->patterns.built > stale);
    if (is_stale && (!told_stale_ || now - *told_stale_ >= told_again)) {
      told_stale_ = now;
      service_.log().write(events::patterns_stale, {.since = status->patterns.built, .text = status->generation == 0 ? std::string("none") : status->patterns.names()});
    }
    if (!is_stale) told_stale_.reset();
  }

  Service& service_;
  const SystemClock clock_;
  std::optional<WallTime> next_;
  static constexpr std::chrono::hours told_again{12};
  std::optional<WallTime> told_stale_;
  WallTime tell_next_{};
  std::string told_why_;
};

Task<void> stop_when_told(Service& service, io::Loop& loop) {
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  loop.stop();
}

}  // namespace

int run_virusdb(Service& service) {
  io::Workers workers(worker_threads, worker_queue);
  io::Loop loop(loop_options(service));
  Keeper keeper(service);
  loop.spawn(io::repeat_on_workers(loop, workers, look_interval, [&keeper] { keeper.look(); }));
  loop.spawn(stop_when_told(service, loop));
  service.ready();
  loop.run();
  return 0;
}

}  // namespace hikyaku::apps
