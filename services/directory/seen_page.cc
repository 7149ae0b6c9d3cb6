#include "services/directory/seen_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

namespace hikyaku::directory {

namespace {
constexpr std::size_t page_octets = 4096;

constexpr std::size_t row_octets = 64;

std::int64_t now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }  // one clock for all processes

// A heartbeat from the future is of an earlier boot.
bool is_alive(std::int64_t heartbeat, std::int64_t at) {
  const auto limit = SeenPage::heartbeat_limit.count();
  return heartbeat != 0 && heartbeat >= at - limit && heartbeat <= at + limit;
}
}  // namespace

// 64 octets in the page; zeros are a free row.
struct SeenPage::Row {
  std::atomic<std::uint64_t> version;
  std::atomic<std::int64_t> heartbeat;  // 0: free
  char name[48];
};

SeenPage::Row& SeenPage::row(std::size_t index) const {
  static_assert(sizeof(Row) == row_octets && (most_readers + 1) * sizeof(Row) <= page_octets);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  return static_cast<Row*>(memory_)[index + 1];  // the first row is kept for the page's own format
}

std::shared_ptr<SeenPage> SeenPage::open(const std::string& path, std::string& why) {
  const io::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
  if (!file || ::ftruncate(file.get(), page_octets) != 0) {
    why = "open " + path + ": " + std::strerror(errno);
    return nullptr;
  }
  void* memory = ::mmap(nullptr, page_octets, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) {
    why = "mmap " + path + ": " + std::strerror(errno);
    return nullptr;
  }
  return std::shared_ptr<SeenPage>(new SeenPage(memory, true));
}

std::shared_ptr<SeenPage> SeenPage::anonymous() {
  void* memory = ::mmap(nullptr, page_octets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  return std::shared_ptr<SeenPage>(new SeenPage(memory, true));
}

SeenPage::~SeenPage() {
  if (mapped_) ::munmap(memory_, page_octets);
}

SeenPage::Slot::Slot(std::shared_ptr<SeenPage> page, std::string_view reader_name)
    : page_(std::move(page)), index_(most_readers) {
  if (!page_) return;
  for (std::size_t i = 0; i < most_readers; ++i) {
    auto& row = page_->row(i);
    auto heartbeat = row.heartbeat.load();
    if (is_alive(heartbeat, now()) || !row.heartbeat.compare_exchange_strong(heartbeat, now())) continue;
    row.version.store(0);
    const auto length = std::min(reader_name.size(), sizeof(row.name) - 1);
    std::memset(row.name, 0, sizeof row.name);
    std::memcpy(row.name, reader_name.data(), length);
    index_ = i;
    return;
  }
}

SeenPage::Slot::~Slot() {
  if (page_ && index_ < most_readers) page_->row(index_).heartbeat.store(0);
}

void SeenPage::Slot::publish(storage::Version version) {
  if (!page_ || index_ >= most_readers) return;
  page_->row(index_).version.store(version.value());
  page_->row(index_).heartbeat.store(now());
}

std::vector<std::string> SeenPage::wait_until_seen(storage::Version version, Deadline deadline) const {
  for (;;) {
    std::vector<std::string> behind;
    const auto at = now();
    for (std::size_t i = 0; i < most_readers; ++i) {
      const auto& row = this->row(i);
      if (is_alive(row.heartbeat.load(), at) && row.version.load() < version.value()) behind.emplace_back(row.name, ::strnlen(row.name, sizeof row.name));
    }
    if (behind.empty() || std::chrono::steady_clock::now() >= deadline) return behind;
    std::this_thread::sleep_for(5ms);
  }
}

// By pread, not mapped: whoever may write the page could cut it short, and reading there would end the process.
std::optional<storage::Version> SeenVersion::read() {
  if (!file_) file_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, page_octets> page;
  if (!file_ || ::pread(file_.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size())) return std::nullopt;
  std::optional<storage::Version> found;
  const auto at = now();
  for (std::size_t i = 1; i <= SeenPage::most_readers; ++i) {
    struct {
      std::uint64_t version;
      std::int64_t heartbeat;
      char name[48];
    } row;
    static_assert(sizeof row == row_octets);
    std::memcpy(&row, page.data() + i * row_octets, sizeof row);
    if (!is_alive(row.heartbeat, at) || std::string_view(row.name, ::strnlen(row.name, sizeof row.name)) != name_) continue;
    if (found && found->value() != row.version) return std::nullopt;
    found = storage::Version{row.version};
  }
  return found;
}

}  // namespace hikyaku::directory
