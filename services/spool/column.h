// Column: an array that grows by blocks and never moves what it holds, so that growth copies nothing and costs no more
// than a block. One column of services/spool/held_table.h each.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace hikyaku::spool {

template <class T>
class Column {
 public:
  static constexpr std::uint32_t block = 8192;

  T& operator[](std::uint32_t index) { return blocks_[index / block][index % block]; }
  const T& operator[](std::uint32_t index) const { return blocks_[index / block][index % block]; }
  // Until `count` places are there; new ones are T{}.
  void reach(std::uint32_t count) {
    while (std::uint64_t{blocks_.size()} * block < count) blocks_.push_back(std::make_unique<T[]>(block));
  }

 private:
  std::vector<std::unique_ptr<T[]>> blocks_;
};

}  // namespace hikyaku::spool
