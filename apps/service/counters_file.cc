#include "apps/service/counters_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/cursor.h"
#include "io/descriptor.h"

namespace hikyaku::apps {
namespace {

constexpr Duration interval = 10s;

std::uint64_t seconds(WallTime when) { return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count()); }

std::uint64_t cpu_milliseconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) { return static_cast<std::uint64_t>(time.tv_sec) * 1'000 + static_cast<std::uint64_t>(time.tv_usec) / 1'000; };
  return of(used.ru_utime) + of(used.ru_stime);
}

// The second number of /proc/self/statm: pages in memory.
std::uint64_t resident_octets() {
  const io::Descriptor file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[256];
  const auto length = file ? ::read(file.get(), text, sizeof text) : -1;
  if (length <= 0) return 0;
  Cursor in(std::string_view(text, static_cast<std::size_t>(length)));
  (void)parse_number(in, UINT64_MAX);
  in.take(' ');
  return parse_number(in, 1ULL << 50).value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// No flush: after a power cut nobody asks for it.
void replace(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  const io::Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;
  (void)std::rename(fresh.c_str(), path.c_str());
}

}  // namespace

CountersFile::CountersFile(std::string folder, const telemetry::Log& log, const Clock& clock)
    : folder_(std::move(folder)), log_(log), clock_(clock), started_(clock.wall()) {
  (void)::mkdir(folder_.c_str(), 0755);
  thread_ = std::thread([this] { run(); });
}

CountersFile::~CountersFile() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  end_.notify_all();
  thread_.join();
}

void CountersFile::run() {
  std::unique_lock lock(mutex_);
  do {
    write(Life::Goes);
  } while (!end_.wait_for(lock, interval, [this] { return ending_; }));
  write(Life::Over);
}

void CountersFile::write(Life life) const {
  const telemetry::ServiceCounters counters{seconds(started_), life == Life::Goes ? seconds(clock_.wall()) : 0, cpu_milliseconds(), resident_octets(), log_.dropped(), log_.counts()};
  replace(folder_ + "/now", telemetry::encode(counters));
}

}  // namespace hikyaku::apps
