// BufferPool: the read buffers of one loop. A connection borrows one only when it has something to read, so that an
// idle connection holds none.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace hikyaku::io {

class BufferPool {
 public:
  static constexpr std::size_t buffer_octets = 32 * 1024;
  static constexpr std::size_t kept_buffers = 32;

  using Buffer = std::unique_ptr<char[]>;

  // Never fails, but for memory; not zeroed.
  [[nodiscard]] Buffer borrow() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(buffer_octets);
    Buffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give_back(Buffer buffer) {
    if (buffer && free_.size() < kept_buffers) free_.push_back(std::move(buffer));
  }

 private:
  std::vector<Buffer> free_;
};

}  // namespace hikyaku::io
