// Measures the embedded engine on the real disk: commits of one message (the rows a delivery writes) and of groups,
// durable and lazy, with the CPU they cost and the flushes that really happened.
// Usage: engine_bench [FOLDER] [SECONDS]
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "io/posix_disk.h"
#include "storage/sqlite_engine.h"

namespace {
std::atomic<std::uint64_t> flushes{0};
}

// Ours are found before libc's: SQLite's flushes and the disk's are counted where they happen.
extern "C" int fdatasync(int descriptor) {
  static const auto real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fdatasync"));
  ++flushes;
  return real(descriptor);
}
extern "C" int fsync(int descriptor) {
  static const auto real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fsync"));
  ++flushes;
  return real(descriptor);
}

namespace {

using namespace hikyaku;
using namespace hikyaku::storage;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The rows of one delivered message: its record under a new UID, a change-log entry under a new MODSEQ, counters.
Batch message(std::uint64_t number, std::string_view blob) {
  std::string record(220, 'r');
  record.replace(0, blob.size(), blob);
  Batch batch;
  batch.request = RequestId("delivery-" + std::to_string(number));
  batch.changes.push_back(ExpectValue{"lock", std::nullopt});
  batch.changes.push_back(Allocate{"modseq", 1, {{"log/........", std::string(12, 'l'), {{4, 8}}, {}, 0}}});
  batch.changes.push_back(Allocate{"uid", 1, {{"m/....", record, {{2, 4}}, {}, 0}}});
  batch.changes.push_back(Add{"messages", 1});
  batch.changes.push_back(Add{"octets", 10'240});
  return batch;
}

struct Run {
  const char* name;
  Durability durability;
  std::size_t group;
  int partitions, threads;
  std::size_t body_octets;
};

void measure(SqliteEngine& engine, const Run& run, double seconds) {
  std::atomic<std::uint64_t> commits{0}, messages{0}, failures{0};
  const auto cpu = cpu_seconds();
  const auto flushed = flushes.load();
  const auto start = std::chrono::steady_clock::now();
  const auto end = start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  std::vector<std::thread> threads;
  for (int t = 0; t < run.threads; ++t)
    threads.emplace_back([&, t] {
      const std::string body(run.body_octets, 'b');
      for (std::uint64_t i = static_cast<std::uint64_t>(t); std::chrono::steady_clock::now() < end; i += static_cast<std::uint64_t>(run.threads)) {
        const PartitionName name("bench-" + std::string(run.name) + "/" + std::to_string(i % static_cast<std::uint64_t>(run.partitions)));
        std::vector<Batch> group;
        std::string blob;
        if (!body.empty()) {
          const auto blobs = engine.put_blobs(name, {body}, run.durability, end + std::chrono::seconds{5});
          if (blobs) blob = blobs->front().value();
        }
        for (std::size_t n = 0; n < run.group; ++n) group.push_back(message(i * run.group + n, blob));
        for (const auto& outcome : engine.commit_group(name, std::move(group), run.durability, end + std::chrono::seconds{5}))
          outcome ? ++messages : ++failures;
        ++commits;
      }
    });
  for (auto& thread : threads) thread.join();
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto used = cpu_seconds() - cpu;
  std::printf("%-28s %8.0f commits/s %8.0f messages/s %7.1f us CPU/commit %8llu flushes for %llu commits, %llu failures\n", run.name,
              static_cast<double>(commits) / took, static_cast<double>(messages) / took, used * 1e6 / static_cast<double>(commits),
              static_cast<unsigned long long>(flushes - flushed), static_cast<unsigned long long>(commits),
              static_cast<unsigned long long>(failures));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "/tmp/hikyaku-engine-bench";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1.0;
  std::filesystem::remove_all(folder);
  io::PosixDisk disk;
  auto engine = SqliteEngine::open(disk, folder);
  if (!engine) return std::fprintf(stderr, "%s\n", engine.error().what.c_str()), 1;
  constexpr Run runs[] = {
      {"flushed-1", Durability::Flushed, 1, 1, 1, 0},        {"lazy-1", Durability::Lazy, 1, 1, 1, 0},
      {"flushed-50", Durability::Flushed, 50, 1, 1, 0},      {"lazy-50", Durability::Lazy, 50, 1, 1, 0},
      {"flushed-1-4threads", Durability::Flushed, 1, 64, 4, 0}, {"lazy-1-100partitions", Durability::Lazy, 1, 100, 1, 0},
      {"flushed-1-body10k", Durability::Flushed, 1, 1, 1, 10'240}, {"lazy-1-body10k", Durability::Lazy, 1, 1, 1, 10'240},
  };
  for (const auto& run : runs) measure(**engine, run, seconds);
  engine->reset();
  std::filesystem::remove_all(folder);
}
