#include "storage/shared_page.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

namespace hikyaku::storage {
namespace {

constexpr std::size_t header_octets = 64;

struct Header {
  char magic[8];
  char boot[40];
  std::uint64_t octets;
};
static_assert(sizeof(Header) <= header_octets);

// "/proc/sys/kernel/random/boot_id": another text after every boot.
std::string boot_id() {
  char text[40] = {};
  const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file < 0) return "unknown";
  const auto octets = ::read(file, text, sizeof text - 4);
  ::close(file);
  return {text, octets > 0 ? static_cast<std::size_t>(octets) : 0};
}

class MappedPage final : public SharedPage {
 public:
  MappedPage(void* address, std::size_t octets) : address_(address), octets_(octets) {}
  ~MappedPage() override { ::munmap(address_, octets_); }
  MappedPage(const MappedPage&) = delete;
  MappedPage& operator=(const MappedPage&) = delete;
  [[nodiscard]] void* data() const override { return static_cast<char*>(address_) + header_octets; }

 private:
  void* address_;
  std::size_t octets_;
};

class HeapPage final : public SharedPage {
 public:
  explicit HeapPage(std::size_t octets) : memory_(new (std::align_val_t{64}) char[octets]()) {}
  ~HeapPage() override { ::operator delete[](memory_, std::align_val_t{64}); }
  HeapPage(const HeapPage&) = delete;
  HeapPage& operator=(const HeapPage&) = delete;
  [[nodiscard]] void* data() const override { return memory_; }

 private:
  char* memory_;
};

auto broken(const std::string& call, const std::string& path) {
  const auto kind = errno == ENOSPC ? StoreFailure::NoSpace : errno == ENOENT ? StoreFailure::NotFound : StoreFailure::Broken;
  return failure(StoreError{kind, call + " " + path + ": " + std::strerror(errno)});
}

struct OpenFile {
  int descriptor;
  ~OpenFile() {
    ::flock(descriptor, LOCK_UN);  // the mapping keeps the open file, and with it the lock, beyond close
    ::close(descriptor);
  }
};

}  // namespace

StoreResult<std::shared_ptr<SharedPage>> SharedPage::map_file(const std::string& path, std::size_t octets, Initialize initialize) {
  static const std::string boot = boot_id();
  octets += header_octets;
  const OpenFile file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660)};
  if (file.descriptor < 0) return broken("open", path);
  while (::flock(file.descriptor, LOCK_EX) != 0)
    if (errno != EINTR) return broken("flock", path);
  struct stat info {};
  if (::fstat(file.descriptor, &info) != 0) return broken("fstat", path);
  Header header{};
  const bool read = ::pread(file.descriptor, &header, sizeof header, 0) == sizeof header;
  const bool ours = read && std::memcmp(header.magic, "HKYPAGE1", 8) == 0 && header.octets == octets &&
                    static_cast<std::size_t>(info.st_size) == octets &&
                    std::strncmp(header.boot, boot.c_str(), sizeof header.boot) == 0;
  if (!ours && (::ftruncate(file.descriptor, 0) != 0 || ::ftruncate(file.descriptor, static_cast<off_t>(octets)) != 0))
    return broken("ftruncate", path);
  void* address = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0);
  if (address == MAP_FAILED) return broken("mmap", path);
  auto page = std::make_shared<MappedPage>(address, octets);
  if (!ours) {
    initialize(page->data());
    std::memcpy(header.magic, "HKYPAGE1", 8);
    std::strncpy(header.boot, boot.c_str(), sizeof header.boot - 1);
    header.octets = octets;
    if (::pwrite(file.descriptor, &header, sizeof header, 0) != sizeof header) return broken("write", path);
  }
  return page;
}

std::shared_ptr<SharedPage> SharedPage::in_this_process(const std::string& key, std::size_t octets, Initialize initialize) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<SharedPage>> pages;
  const std::lock_guard hold(mutex);
  std::erase_if(pages, [](const auto& entry) { return entry.second.expired(); });
  if (auto known = pages[key].lock()) return known;
  std::shared_ptr<SharedPage> page = std::make_shared<HeapPage>(octets);
  initialize(page->data());
  pages[key] = page;
  return page;
}

}  // namespace hikyaku::storage
