// PendingBody: the text of a message that an APPEND is bringing, before its commit. In memory, or in an unnamed file that
// is gone with this object, whatever happens: a large message costs page cache, which the system may take back, and no
// heap. Its octets need not survive anything; the commit makes them durable where they belong.
#pragma once

#include <string>
#include <string_view>

#include "io/descriptor.h"

namespace hikyaku::apps::imap_store {

class PendingBody {
 public:
  PendingBody() = default;                 // in memory
  // In a file of that folder's disk; in memory where that cannot be had.
  explicit PendingBody(const std::string& folder);
  PendingBody(PendingBody&& other) noexcept;
  PendingBody& operator=(PendingBody&&) = delete;
  ~PendingBody();

  // False: the disk is full or failing. Blocking, a page cache write.
  [[nodiscard]] bool append(std::string_view octets);
  // Everything appended; stays valid until the object goes. Nothing may be appended after it. False: it cannot be had.
  [[nodiscard]] bool view(std::string_view& octets);
  [[nodiscard]] bool in_file() const { return static_cast<bool>(file_); }

 private:
  std::string memory_;
  io::Descriptor file_;
  std::size_t size_ = 0;     // of the file
  void* mapped_ = nullptr;
};

}  // namespace hikyaku::apps::imap_store
