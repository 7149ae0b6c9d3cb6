// What the size of one account costs: an INBOX grows in steps, and at each size the everyday acts are measured on the real
// disk: an append, a delivery, SELECT, what FETCH and STORE need, EXPUNGE, and opening the store anew.
// Usage: mailboxes_bench [FOLDER] [MESSAGES]
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "io/posix_disk.h"
#include "services/mailboxes/mailboxes.h"
#include "storage/sqlite_engine.h"

using namespace hikyaku;
using namespace hikyaku::mailboxes;

namespace {

constexpr AccountId account{7};
Deadline soon() { return std::chrono::steady_clock::now() + 300s; }

template <class T>
T must(MailboxResult<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().what.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct Bench {
  Mailboxes& boxes;
  MailboxId inbox;
  std::uint64_t sequence = 0;

  // Median of `times` runs, in milliseconds.
  template <class Act>
  static double median(int times, Act act) {
    std::vector<double> all;
    for (int i = 0; i < times; ++i) {
      const auto began = std::chrono::steady_clock::now();
      act();
      all.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
    }
    std::ranges::sort(all);
    return all[all.size() / 2];
  }

  void deliver(std::size_t count, const std::string& body) {
    std::vector<Delivery> group(count);
    for (auto& one : group) {
      one.message.trace_id = {1, 1, 1, ++sequence};
      one.message.body = body;
      one.original_recipient = "user@a.example";
    }
    for (auto& done : boxes.deliver_group(account, group, {}, storage::Durability::Lazy, soon())) must(std::move(done));
  }

  void report(std::uint64_t messages) {
    const std::string body(1'000, 'b');
    auto snapshot = must(boxes.open(account, inbox, Mailboxes::RecentMessages::Claim, soon()));
    auto pick = [&, n = std::size_t{0}]() mutable { return snapshot.entries[(n += 7'919) % snapshot.entries.size()].uid; };
    const double select = median(5, [&] { must(boxes.open(account, inbox, Mailboxes::RecentMessages::Claim, soon())); });
    const double status = median(21, [&] { must(boxes.status(account, inbox, soon())); });
    const double delivery = median(51, [&] { deliver(1, body); });
    const double append = median(21, [&] {
      const NewMessage message{.body = body};
      must(boxes.append(account, inbox, {&message, 1}, {}, soon()));
    });
    const double fetch = median(51, [&] { must(boxes.message(account, inbox, pick(), soon())); });
    const double store = median(51, [&] {
      const Uid uid = pick();
      Mailboxes::FlagChange change{.operation = FlagOperation::Add, .flags = {.system = Seen, .keywords = {}}};
      must(boxes.store_flags(account, inbox, {&uid, 1}, change, soon()));
    });
    const double expunge = median(21, [&] {
      const std::vector<Uid> uids{pick()};
      must(boxes.expunge(account, inbox, std::span<const Uid>(uids), Mailboxes::ExpungeOf::All, soon()));
    });
    const double changes = median(21, [&] { must(boxes.changes_since(account, inbox, ModSeq{snapshot.valid_at.value()}, 1'000, soon())); });
    const double reopen = median(5, [&] {
      boxes.rest(account);
      must(boxes.status(account, inbox, soon()));
    });
    std::printf("%9llu %9.1f %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", static_cast<unsigned long long>(messages), select, status,
                delivery, append, fetch, store, expunge, changes, reopen);
    std::fflush(stdout);
  }
};

}  // namespace

int main(int count, char** arguments) {
  const std::string folder = count > 1 ? arguments[1] : "/var/tmp/hikyaku-mailboxes-bench";
  const std::uint64_t most = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 200'000;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  io::PosixDisk disk;
  auto engine = storage::SqliteEngine::open(disk, folder);
  if (!engine) return std::fprintf(stderr, "%s\n", engine.error().what.c_str()), 1;
  SystemClock clock;
  Mailboxes boxes(**engine, clock);
  must(boxes.create_account(account, soon()));
  Bench bench{boxes, must(boxes.find(account, "INBOX", soon())).id};
  std::printf("milliseconds, median\n%9s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n", "messages", "select", "status", "delivery", "append", "fetch",
              "store", "expunge", "changes", "reopen");
  const std::string body(1'000, 'b');
  std::uint64_t filled = 0;
  for (std::uint64_t step = 1'000; step <= most; step = step < 10'000 ? step * 10 : step < 25'000 ? 25'000 : step * 2) {
    for (; filled < step; filled += 100) bench.deliver(100, body);
    bench.report(step);
  }
  must(boxes.flush(account, soon()));
  std::uint64_t octets = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.is_regular_file() && file.path().filename().string().starts_with("index.sqlite")) octets += file.file_size();
  std::printf("index: %llu octets a message\n", static_cast<unsigned long long>(octets / filled));
  std::filesystem::remove_all(folder);
  return 0;
}
