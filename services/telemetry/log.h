// Log: how every process tells what happened. One JSON line an event, with the trace id, in
//   <data>/log/<service>/<log name>/<YYYY-MM-DD>.<service>.jsonl      (local date)
// so that a service's confinement can give it the folder of its own logs and no other's.
// write() never waits for the disk: lines go to a bounded queue that one thread empties; what does not fit is dropped,
// counted and reported by log.dropped. Errors of one name beyond 20 a second are counted instead of written.
//
//   log.write(events::delivery_deferred, {.message = id, .recipient = to, .reply = reply, .next_try = when});
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "services/telemetry/event.h"
#include "services/telemetry/events.h"
#include "services/telemetry/service_counters.h"

namespace hikyaku::telemetry {

// Before services had folders of their own, files stood in <data>/log/<log name>/. Readers still know them (apps/cli);
// who may write there removes them when their retention is over.
enum class FormerLayout : std::uint8_t { Leave, RemoveOld };

struct LogOptions {
  std::string folder;             // <data>/log
  std::string service;            // the writer's name, part of the folder's and the file's name: one owner a file
  Level level = Level::Info;      // the least important level written
  std::uint64_t queue_octets = 4 << 20;
  int retention_days = 366;       // 0: for ever
  FormerLayout former_layout = FormerLayout::Leave;
};

// Where the writer thread hands its lines. The file form is file_sink(); tests collect them.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `lines` end with LF each. False: they could not be written and count as dropped. Called by one thread.
  virtual bool append(LogName log, WallTime when, std::string_view lines) = 0;
  virtual void set_retention(int days) { (void)days; }  // thread-safe
};
[[nodiscard]] std::unique_ptr<LogSink> file_sink(const LogOptions& options);

class Log {
 public:
  Log(LogOptions options, std::unique_ptr<LogSink> sink, const Clock& clock);
  ~Log();  // writes what is queued, waiting at most 2 seconds
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Thread-safe; formats and queues, no I/O, never waits. Cheap when the level is switched off.
  void write(const Event& event, const Fields& fields);
  // Whether write() would do anything: ask before building costly fields.
  [[nodiscard]] bool wants(const Event& event) const;
  void set_level(Level level);
  void set_retention(int days);
  // Waits until everything queued so far was handed to the sink, at most 5 seconds.
  void drain();
  [[nodiscard]] std::uint64_t dropped() const;
  // How often each event was written, or suppressed, since the beginning; what its level leaves out is not counted.
  [[nodiscard]] std::map<std::string, EventCount, std::less<>> counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A log that keeps nothing, and one that keeps its lines in memory, for tests.
[[nodiscard]] Log& discarding_log();
class MemorySink final : public LogSink {
 public:
  bool append(LogName log, WallTime when, std::string_view lines) override;
  [[nodiscard]] std::string text() const;  // all lines so far, from any thread

 private:
  mutable std::mutex mutex_;
  std::string lines_;
};

// One line as write() makes it, without its LF; for tests and the reference.
[[nodiscard]] std::string json_line(const Event& event, const Fields& fields, WallTime when, std::string_view service);

}  // namespace hikyaku::telemetry
