// Durable appends a second into a file journal on the real disk: producers that each wait for their record's flush before
// they give the next, one flusher that groups what is ready. Prints flushes beside it: a number without them is no claim.
//
//   journal_bench [folder] [seconds] [producers...]     default: ./journal-bench.tmp, 2 seconds a row, 1 16 64; 10 KB records
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "io/posix_disk.h"
#include "storage/file_journal.h"

using namespace hikyaku;
using namespace hikyaku::storage;
using Clock_ = std::chrono::steady_clock;

namespace {

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// What a spool's flusher does, without the mail.
class Group {
 public:
  void append(std::string_view head, std::string_view body) {
    std::unique_lock lock(mutex_);
    records_.push_back({head, {body}});
    const auto mine = generation_;
    if (records_.size() == 1) work_.notify_one();
    done_.wait(lock, [&] { return flushed_ > mine; });
  }
  void run(JournalWriter& journal) {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stopping_ || !records_.empty(); });
      if (records_.empty()) return;
      std::vector<Record> all;
      all.swap(records_);
      const auto generation = generation_++;
      lock.unlock();
      for (std::size_t at = 0; at < all.size(); at += 256) {
        const auto some = std::span(all).subspan(at, std::min<std::size_t>(256, all.size() - at));
        if (auto done = journal.append(some); !done) {
          std::fprintf(stderr, "append: %s\n", done.error().what.c_str());
          std::exit(1);
        }
      }
      lock.lock();
      flushed_ = generation + 1;
      done_.notify_all();
    }
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable work_, done_;
  std::vector<Record> records_;
  std::uint64_t generation_ = 0, flushed_ = 0;
  bool stopping_ = false;
};

void measure(io::Disk& disk, const std::string& folder, int producers, double seconds) {
  const FileJournalOptions options{.spare_segments = 4, .reserve_octets = 1 << 30};
  auto journal = open_file_journal(disk, folder, options);
  auto reader = open_file_journal_reader(disk, folder, options);
  if (!journal || !reader) std::exit(1);
  (void)(*journal)->tend_pool();
  Group group;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> appended{0};
  std::thread flusher([&] { group.run(**journal); });
  std::thread consumer([&] {  // plays deliver: releases what is finished, so that segments are recycled
    while (!stop) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
      if (const auto finished = (*reader)->finished_segments())
        for (const auto segment : *finished) (void)(*reader)->release(segment);
      (void)(*journal)->tend_pool();
    }
  });
  const std::string head(200, 'h'), body(10'000, 'b');
  std::vector<std::thread> threads;
  const auto flushes = (*journal)->flush_count();
  const auto cpu = cpu_seconds();
  const auto start = Clock_::now();
  for (int i = 0; i < producers; ++i)
    threads.emplace_back([&] {
      while (!stop) group.append(head, body), ++appended;
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock_::now() - start).count();
  const double used = cpu_seconds() - cpu;
  group.stop();
  flusher.join();
  consumer.join();
  const auto count = static_cast<double>(appended);
  const auto flushed = static_cast<double>((*journal)->flush_count() - flushes);
  std::printf("%3d producers: %8.0f appends/s  %7.0f flushes/s  %5.1f a flush  %.3f ms CPU each\n", producers, count / took,
              flushed / took, count / flushed, 1000 * used / count);
}
}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "journal-bench.tmp";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  io::PosixDisk disk;
  std::vector<int> rows;
  for (int i = 3; i < argc; ++i) rows.push_back(std::max(1, std::atoi(argv[i])));
  if (rows.empty()) rows = {1, 16, 64, 1, 16, 64};
  for (const int producers : rows) measure(disk, folder, producers, seconds);
  std::printf("(remove %s when done)\n", folder.c_str());
}
