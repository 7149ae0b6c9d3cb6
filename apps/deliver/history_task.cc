#include "apps/deliver/history_task.h"

#include <ctime>

#include "apps/service/data_folders.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::apps {
namespace {
// A survey takes longer the more waits: between two of them is this many times the processor time of the last.
constexpr int rest_after_sampling = 200;

Duration processor_time_of_this_thread() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}
constexpr auto thin_every = std::chrono::hours{1};
}  // namespace

HistoryTask::HistoryTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool, const directory::Reader& directory)
    : service_(service), loop_(loop), workers_(workers), spool_(spool), writer_(disk, service.path(folder::history)),
      sampler_([](std::uint8_t number) { return std::string(delivery::class_name(delivery::failure_class_of(number))); }) {
  // A clock that was ahead may have marked the future: what comes now is counted all the same.
  known_until_ = std::min(history::HistoryReader(disk, service.path(folder::history)).known_until().value_or(history::Time{}),
                          std::chrono::floor<std::chrono::seconds>(clock_.wall()));
  arrivals_->start_after(known_until_);
  spool.set_arrival_watch([arrivals = arrivals_, &directory](const Envelope& envelope) {
    const auto snapshot = directory.newest();
    arrivals->arrived(envelope, [&](std::string_view name) {
      const auto* domain = snapshot ? snapshot->domain(name) : nullptr;
      return domain != nullptr && domain->kind == directory::DomainKind::Local;
    });
  });
}

Task<void> HistoryTask::run() {
  while (!loop_.stopping()) {
    const auto outcome = co_await loop_.sleep_until(loop_.after(service_.settings()->history.sample_interval()));
    if (outcome == io::Wake::Cancelled) break;
    if (loop_.now() - sampled_ < sampling_took_ * rest_after_sampling) continue;
    auto work = workers_.run(loop_, [this] { return sample(); });
    const auto ran = co_await std::move(work);
    sampled_ = loop_.now();
    if (ran && !*ran) service_.log().write(telemetry::events::storage_trouble, {.text = "history", .reason = ran->error().what});
  }
}

io::DiskResult<> HistoryTask::sample() {
  const std::lock_guard lock(writing_);
  const auto now = clock_.wall();
  const auto began = processor_time_of_this_thread();
  const auto points = sampler_.take(spool_, now);
  sampling_took_ = processor_time_of_this_thread() - began;
  TRY_VOID(writer_.append(points));
  TRY_VOID(write_arrivals(now, history::ArrivalCount::Which::OverOnly));
  if (now - thinned_ < thin_every) return {};
  TRY_VOID(writer_.thin(now));
  thinned_ = std::chrono::floor<std::chrono::seconds>(now);
  return {};
}

io::DiskResult<> HistoryTask::write_arrivals(WallTime now, history::ArrivalCount::Which which) {
  const bool all_read = spool_.counts().incoming_is_read;
  const auto counted = all_read ? now : arrivals_->counted_until();
  auto until = std::chrono::floor<std::chrono::seconds>(counted);
  const auto so_far = until;
  if (which == history::ArrivalCount::Which::OverOnly) until = std::chrono::floor<std::chrono::hours>(until);
  TRY_VOID(writer_.append(arrivals_->take(now, which)));
  if (until > known_until_) {
    TRY_VOID(writer_.set_known_until(until));
    known_until_ = until;
  }
  return writer_.set_running(arrivals_->running(now), so_far);
}

void HistoryTask::finish() {
  const std::lock_guard lock(writing_);
  if (const auto written = write_arrivals(clock_.wall(), history::ArrivalCount::Which::All); !written)
    service_.log().write(telemetry::events::storage_trouble, {.text = "history", .reason = written.error().what});
}

}  // namespace hikyaku::apps
