#include "apps/imap_store/pending_body.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

namespace hikyaku::apps::imap_store {

PendingBody::PendingBody(const std::string& folder) : file_(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {}

PendingBody::PendingBody(PendingBody&& other) noexcept
    : memory_(std::move(other.memory_)),
      file_(std::move(other.file_)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

PendingBody::~PendingBody() {
  if (mapped_ != nullptr) ::munmap(mapped_, size_);
}

bool PendingBody::append(std::string_view octets) {
  if (!file_) return memory_ += octets, true;
  while (!octets.empty()) {
    const auto written = ::write(file_.get(), octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    size_ += static_cast<std::size_t>(written);
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool PendingBody::view(std::string_view& octets) {
  octets = memory_;
  if (!file_ || size_ == 0) return true;
  if (mapped_ == nullptr) {
    void* const mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
    if (mapped == MAP_FAILED) return false;
    mapped_ = mapped;
  }
  octets = {static_cast<const char*>(mapped_), size_};
  return true;
}

}  // namespace hikyaku::apps::imap_store
