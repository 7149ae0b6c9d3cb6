// TopTally: the names with the largest counts among any number of them, in bounded memory, by two passes. The first adds
// every key to one of 65,536 buckets; the second counts exactly, but only keys of the fullest buckets. A name that is
// among the largest is found unless hundreds of small ones share the fuller buckets: then it is among the others, never
// lost from the sum.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/history/sample.h"
#include "services/spool/message.h"

namespace hikyaku::history {

class TopTally {
 public:
  // First pass.
  void weigh(std::uint64_t key) { ++buckets_[bucket(key)]; }
  // Between them: the keys of which buckets the second pass counts.
  void choose(std::size_t wanted);
  // Second pass. What is returned counts the key by itself, or is one for all others; the caller may add an example or a name.
  struct Counted {
    Figures figures;
    spool::MessageRef example;  // to look a name up on
    std::string name;           // when the caller knew it
  };
  Counted& count(std::uint64_t key, const Figures& figures);

  // The largest, at most `most`, largest first; and the rest of the sum.
  struct Top {
    std::vector<std::pair<std::uint64_t, Counted>> named;
    Figures others;
  };
  [[nodiscard]] Top top(std::size_t most) const;

 private:
  static constexpr std::size_t bucket_count = 1 << 16;
  static constexpr std::size_t most_counted = 1 << 16;
  [[nodiscard]] static std::size_t bucket(std::uint64_t key) { return (key * 0x9E3779B97F4A7C15) >> 48; }

  std::vector<std::uint32_t> buckets_ = std::vector<std::uint32_t>(bucket_count, 0);
  std::vector<bool> chosen_;
  std::unordered_map<std::uint64_t, Counted> counted_;
  Counted others_;
};

}  // namespace hikyaku::history
