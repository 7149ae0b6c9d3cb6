#include "services/telemetry/log.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace hikyaku::telemetry {

namespace {

constexpr std::size_t log_count = 10;
constexpr std::uint64_t same_errors_a_second = 20;

// The lines of one log, waiting.
struct Waiting {
  std::string lines;
  WallTime first{};
};

// Counts repeating errors by the event's address: events are declared once, so the address is the name.
class RateLimit {
 public:
  // False: this one is over the limit and was counted.
  bool allows(const Event& event, Instant now) {
    auto& seen = seen_[&event];
    if (now - seen.since >= 1s) seen.since = now, seen.count = 0;
    if (++seen.count <= same_errors_a_second) return true;
    ++seen.suppressed;
    return false;
  }
  // Hands over what was suppressed and is over now.
  template <class Report>
  void report(Instant now, Report report_one) {
    for (auto& [event, seen] : seen_)
      if (seen.suppressed > 0 && now - seen.since >= 1s) report_one(*event, std::exchange(seen.suppressed, 0));
  }

 private:
  struct Seen {
    Instant since{};
    std::uint64_t count = 0, suppressed = 0;
  };
  std::unordered_map<const Event*, Seen> seen_;
};

}  // namespace

constexpr Duration drop_report_interval = 10s;
// The writer looks at the queue this often: a wake for each line would cost more than the line.
constexpr Duration beat = 50ms;
constexpr std::uint64_t urgent_octets = 64 << 10;

struct Log::State {
  LogOptions options;
  std::unique_ptr<LogSink> sink;
  const Clock& clock;
  std::atomic<Level> level;
  std::atomic<std::uint64_t> dropped{0};

  std::mutex mutex;
  std::condition_variable wake, drained;
  std::array<Waiting, log_count> waiting;  // by LogName
  std::uint64_t waiting_octets = 0, reported_drops = 0;
  Instant next_drop_report{};
  std::uint64_t queued = 0, written = 0;  // lines, for drain()
  RateLimit rate_limit;
  std::unordered_map<const Event*, EventCount> counts;  // events are declared once: the address is the name
  bool ending = false;
  bool urgent = false;  // write now, not at the next beat
  std::thread writer;

  State(LogOptions o, std::unique_ptr<LogSink> s, const Clock& c) : options(std::move(o)), sink(std::move(s)), clock(c), level(options.level) {}

  void queue(LogName log, const std::string& line, WallTime when);  // with the mutex
  void report_losses(Instant now);                                  // with the mutex
  void run();
};

void Log::State::queue(LogName log, const std::string& line, WallTime when) {
  if (waiting_octets + line.size() + 1 > options.queue_octets) {
    dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto& to = waiting[static_cast<std::size_t>(log)];
  if (to.lines.empty()) to.first = when;
  (to.lines += line) += '\n';
  waiting_octets += line.size() + 1;
  ++queued;
}

void Log::State::report_losses(Instant now) {
  const auto when = clock.wall();
  const auto lost = dropped.load(std::memory_order_relaxed);
  // Not at once again: where the sink fails, the report is lost too, and would be reported for ever.
  if (lost > reported_drops && waiting_octets == 0 && now >= next_drop_report) {
    next_drop_report = now + drop_report_interval;
    queue(LogName::ServiceLog, json_line(events::log_dropped, {.count = lost - reported_drops}, when, options.service), when);
    reported_drops = lost;
  }
  rate_limit.report(now, [&](const Event& event, std::uint64_t count) {
    queue(LogName::ServiceLog, json_line(events::log_suppressed, {.count = count, .text = event.name}, when, options.service), when);
  });
}

void Log::State::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    wake.wait_for(lock, beat, [&] { return ending || urgent; });
    urgent = false;
    report_losses(clock.now());
    if (waiting_octets == 0) {
      drained.notify_all();
      if (ending) return;
      continue;
    }
    auto batch = std::exchange(waiting, {});
    const auto lines = std::exchange(queued, 0);
    waiting_octets = 0;
    lock.unlock();
    std::uint64_t lost = 0;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (!batch[i].lines.empty() && !sink->append(static_cast<LogName>(i), batch[i].first, batch[i].lines))
        lost += static_cast<std::uint64_t>(std::count(batch[i].lines.begin(), batch[i].lines.end(), '\n'));
    if (lost > 0) dropped.fetch_add(lost, std::memory_order_relaxed);
    lock.lock();
    written += lines;
    drained.notify_all();
  }
}

Log::Log(LogOptions options, std::unique_ptr<LogSink> sink, const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(sink), clock)) {
  state_->writer = std::thread([state = state_.get()] { state->run(); });
}

Log::~Log() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_all();
  state_->writer.join();
}

bool Log::wants(const Event& event) const { return event.level <= state_->level.load(std::memory_order_relaxed); }

void Log::write(const Event& event, const Fields& fields) {
  if (!wants(event)) return;
  const auto when = state_->clock.wall();
  {
    const std::lock_guard lock(state_->mutex);
    auto& counted = state_->counts[&event];
    ++counted.count;
    counted.octets += fields.octets.value_or(0);
    if (event.level == Level::Error && !state_->rate_limit.allows(event, state_->clock.now())) return;
  }
  const std::string line = json_line(event, fields, when, state_->options.service);
  bool wake_writer = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue(event.log, line, when);
    wake_writer = !state_->urgent && (event.level == Level::Error || state_->waiting_octets > urgent_octets);
    state_->urgent = state_->urgent || wake_writer;
  }
  if (wake_writer) state_->wake.notify_one();
}

void Log::set_level(Level level) { state_->level = level; }
void Log::set_retention(int days) { state_->sink->set_retention(days); }

void Log::drain() {
  std::unique_lock lock(state_->mutex);
  const auto target = state_->written + state_->queued;
  state_->urgent = true;
  state_->wake.notify_one();
  state_->drained.wait_for(lock, 5s, [&] { return state_->written >= target && state_->waiting_octets == 0; });
}

std::map<std::string, EventCount, std::less<>> Log::counts() const {
  const std::lock_guard lock(state_->mutex);
  std::map<std::string, EventCount, std::less<>> all;
  for (const auto& [event, counted] : state_->counts) all[std::string(event->name)] = counted;
  return all;
}

std::uint64_t Log::dropped() const { return state_->dropped.load(); }

namespace {
class NoSink final : public LogSink {
  bool append(LogName, WallTime, std::string_view) override { return true; }
};
}  // namespace

Log& discarding_log() {
  static const SystemClock clock;
  static Log log({.service = "test"}, std::make_unique<NoSink>(), clock);
  return log;
}

bool MemorySink::append(LogName, WallTime, std::string_view more) {
  const std::lock_guard lock(mutex_);
  lines_ += more;
  return true;
}

std::string MemorySink::text() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

}  // namespace hikyaku::telemetry
