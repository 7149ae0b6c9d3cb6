#include "io/shared_page.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include "base/check.h"
#include "base/checksum.h"
#include "io/descriptor.h"
#include "io/system_error.h"

namespace hikyaku::io {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free,
              "processes share these words without a lock");

struct SharedPage::Header {
  std::atomic<std::uint64_t> magic;
  std::uint32_t slots;
  std::atomic<std::uint32_t> generation;  // the word to sleep on
  std::atomic<std::uint32_t> sleepers;    // too high after a sleeper was killed: costs a system call, no more
  std::uint32_t unused[11];
};

namespace {

constexpr std::uint64_t page_magic = 0x31656761'706b6968;  // "hikpage1"
constexpr std::size_t header_octets = 64;

std::unexpected<DiskError> failed(DiskFailure kind, const char* call, const std::string& path, int error) {
  return failure(DiskError{kind, describe_errno(call, path, error)});
}

DiskFailure kind_of_open(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return DiskFailure::NotFound;
    case EACCES:
    case EPERM:
      return DiskFailure::NoPermission;
    case EROFS:
      return DiskFailure::ReadOnly;
    case ENOSPC:
      return DiskFailure::NoSpace;
    default:
      return DiskFailure::Broken;
  }
}

// Two processes may make the file at once: the first does, the others wait for it. Given back by hand, since the
// mapping keeps the open file, and with it such a lock, alive.
class FileLock {
 public:
  explicit FileLock(int fd) : fd_(fd) {
    int result = 0;
    do result = set(F_WRLCK);
    while (result != 0 && errno == EINTR);
    held_ = result == 0;
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { set(F_UNLCK); }
  [[nodiscard]] bool held() const { return held_; }

 private:
  int set(short type) const {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return ::fcntl(fd_, F_OFD_SETLKW, &lock);
  }
  int fd_;
  bool held_;
};

}  // namespace

DiskResult<std::unique_ptr<SharedPage>> SharedPage::open(const std::string& path, std::uint32_t slots) {
  static_assert(sizeof(Header) == header_octets);
  const std::size_t octets = header_octets + std::size_t{slots} * sizeof(std::uint64_t);
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
  if (!file) return failed(kind_of_open(errno), "open", path, errno);
  const FileLock lock(file.get());
  if (!lock.held()) return failed(DiskFailure::Broken, "lock", path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed(DiskFailure::Broken, "fstat", path, errno);
  // Blocks are reserved: a full disk must not show as SIGBUS at the first touch.
  if (status.st_size == 0) {
    if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(octets)))
      return failed(DiskFailure::NoSpace, "fallocate", path, error);
  } else if (static_cast<std::size_t>(status.st_size) != octets) {
    return failure(DiskError{DiskFailure::Broken, path + ": is no page of " + std::to_string(slots) + " slots"});
  }
  void* address = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return failed(DiskFailure::Broken, "mmap", path, errno);
  std::unique_ptr<SharedPage> page(new SharedPage(address, octets, slots));
  if (page->header_->magic == 0) {
    page->header_->slots = slots;
    page->header_->magic = page_magic;
  }
  if (page->header_->magic == page_magic && page->header_->slots == slots) return page;
  return failure(DiskError{DiskFailure::Broken, path + ": is no page of counters"});
}

SharedPage::SharedPage(void* address, std::size_t octets, std::uint32_t slots)
    : header_(static_cast<Header*>(address)),
      values_(reinterpret_cast<std::atomic<std::uint64_t>*>(static_cast<char*>(address) + header_octets)),
      octets_(octets),
      slots_(slots) {}

SharedPage::~SharedPage() { ::munmap(header_, octets_); }

std::atomic<std::uint64_t>& SharedPage::at(std::uint32_t slot) const {
  check(slot < slots_, "a slot is within its page");
  return values_[slot];
}

std::uint32_t SharedPage::slot_of(std::string_view name) const {
  return static_cast<std::uint32_t>(checksum(name) % slots_);
}

std::uint64_t SharedPage::read(std::uint32_t slot) const { return at(slot).load(std::memory_order_acquire); }

void SharedPage::raise(std::uint32_t slot) {
  at(slot).fetch_add(1, std::memory_order_acq_rel);
  changed();
}

void SharedPage::raise_to(std::uint32_t slot, std::uint64_t value) {
  auto& place = at(slot);
  std::uint64_t old = place.load(std::memory_order_relaxed);
  while (old < value && !place.compare_exchange_weak(old, value, std::memory_order_acq_rel)) {
  }
  if (old < value) changed();
}

// A sequence lock: odd while the pair is being written. Each load and store of the pair orders itself against the
// sequence (acquire, release), so no fence is needed.
void SharedPage::publish_pair(std::uint32_t slot, std::uint64_t first, std::uint64_t second) {
  auto& sequence = at(slot);
  const std::uint64_t odd = sequence.load(std::memory_order_relaxed) | 1;
  sequence.store(odd, std::memory_order_relaxed);
  at(slot + 1).store(first, std::memory_order_release);
  at(slot + 2).store(second, std::memory_order_release);
  sequence.store(odd + 1, std::memory_order_release);
  changed();
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> SharedPage::read_pair(std::uint32_t slot) const {
  constexpr int tries = 1000;
  for (int i = 0; i < tries; ++i) {
    const std::uint64_t before = at(slot).load(std::memory_order_acquire);
    const std::uint64_t first = at(slot + 1).load(std::memory_order_acquire);
    const std::uint64_t second = at(slot + 2).load(std::memory_order_acquire);
    if (before % 2 == 0 && at(slot).load(std::memory_order_relaxed) == before) return std::pair{first, second};
    if (i % 16 == 15) std::this_thread::yield();
  }
  return std::nullopt;
}

std::uint32_t SharedPage::generation() const { return header_->generation.load(std::memory_order_seq_cst); }

// The order "generation, then sleepers" here and "sleepers, then generation" in wait_changed (both sequentially
// consistent) lets no sleeper miss a change.
void SharedPage::changed() {
  header_->generation.fetch_add(1, std::memory_order_seq_cst);
  if (header_->sleepers.load(std::memory_order_seq_cst) == 0) return;
  ::syscall(SYS_futex, &header_->generation, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::uint32_t SharedPage::wait_changed(std::uint32_t seen, Duration longest) {
  header_->sleepers.fetch_add(1, std::memory_order_seq_cst);
  if (generation() == seen && longest > 0ns) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(longest);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (longest - seconds).count()};
    ::syscall(SYS_futex, &header_->generation, FUTEX_WAIT, seen, &timeout, nullptr, 0);
  }
  header_->sleepers.fetch_sub(1, std::memory_order_seq_cst);
  return generation();
}

// --- SlotWatcher ---

// Between the sleeping thread, the posted looks and the watcher, so that a look posted late finds the watcher gone.
struct SlotWatcher::Shared {
  std::atomic<bool> stopping = false;
  std::atomic<bool> look_posted = false;
  SlotWatcher* watcher = nullptr;  // on the loop's thread
};

SlotWatcher::SlotWatcher(Loop& loop, SharedPage& page) : loop_(loop), page_(page), shared_(std::make_shared<Shared>()) {
  shared_->watcher = this;
  thread_ = std::thread(&SlotWatcher::sleep_and_tell, this, page.generation());
}

SlotWatcher::~SlotWatcher() {
  shared_->stopping = true;
  shared_->watcher = nullptr;
  page_.changed();  // wakes the thread; a hint too many for everybody else
  thread_.join();
}

void SlotWatcher::sleep_and_tell(std::uint32_t seen) {
  constexpr Duration longest_sleep = 500ms;  // bounds what a lost wake could cost
  while (!shared_->stopping) {
    const std::uint32_t now = page_.wait_changed(seen, longest_sleep);
    if (now == seen) continue;
    seen = now;
    // One look on its way is enough; it clears the mark before it reads the page.
    if (shared_->look_posted.exchange(true)) continue;
    loop_.post([shared = shared_] {
      shared->look_posted = false;
      if (shared->watcher != nullptr) shared->watcher->look();
    });
  }
}

void SlotWatcher::look() {
  std::vector<std::uint32_t> changed;
  for (auto& [slot, watched] : slots_) {
    const std::uint64_t value = page_.read(slot);
    if (std::exchange(watched.seen, value) != value) changed.push_back(slot);
  }
  for (const std::uint32_t slot : changed) {
    // A called function may end watches, its own too: each is looked up again.
    for (std::size_t i = 0;; ++i) {
      const auto found = slots_.find(slot);
      if (found == slots_.end() || i >= found->second.watches.size()) break;
      Watch* watch = found->second.watches[i];
      const OnChange call = watch->on_change_;  // may end its own watch
      call();
      const auto again = slots_.find(slot);
      if (again == slots_.end()) break;
      if (i >= again->second.watches.size() || again->second.watches[i] != watch) --i;
    }
  }
}

SlotWatcher::Watch::Watch(SlotWatcher& watcher, std::uint32_t slot, OnChange on_change)
    : watcher_(watcher), slot_(slot), on_change_(std::move(on_change)) {
  auto& watched = watcher_.slots_[slot];
  if (watched.watches.empty()) watched.seen = watcher_.page_.read(slot);
  watched.watches.push_back(this);
}

SlotWatcher::Watch::~Watch() {
  const auto found = watcher_.slots_.find(slot_);
  std::erase(found->second.watches, this);
  if (found->second.watches.empty()) watcher_.slots_.erase(found);
}

}  // namespace hikyaku::io
