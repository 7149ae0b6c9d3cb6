// SlotIndex: from a key's hash to the 32-bit slot its owner keeps it in: four octets a slot at most three quarters full,
// split in parts so that growing one is short. The keys themselves stay in the owner's columns.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace hikyaku::spool {

class SlotIndex {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot none = 0xFFFFFFFF;

  // `is(slot)`: whether the key is there.
  template <class Is>
  [[nodiscard]] Slot find(std::uint64_t hash, Is is) const {
    const auto& places = parts_[part(hash)].places;
    if (places.empty()) return none;
    for (auto at = home(hash, places);; at = next(at, places))
      if (places[at] == none || is(places[at])) return places[at];
  }

  // Not there before. `hash_of(slot)` of any slot that is.
  template <class HashOf>
  void add(std::uint64_t hash, Slot slot, HashOf hash_of) {
    auto& one = parts_[part(hash)];
    if ((one.used + 1) * 4 > one.places.size() * 3) {
      std::vector<Slot> old(std::max<std::size_t>(8, one.places.size() * 2), none);
      old.swap(one.places);
      for (const auto kept : old)
        if (kept != none) put(one.places, hash_of(kept), kept);
    }
    put(one.places, hash, slot);
    ++one.used;
  }

  // It is there. What follows moves up, so that no gap ends a search too early.
  template <class HashOf>
  void remove(std::uint64_t hash, Slot slot, HashOf hash_of) {
    auto& one = parts_[part(hash)];
    auto& places = one.places;
    auto gap = home(hash, places);
    while (places[gap] != slot) gap = next(gap, places);
    const auto mask = places.size() - 1;
    for (auto at = next(gap, places); places[at] != none; at = next(at, places)) {
      if (((at - home(hash_of(places[at]), places)) & mask) < ((at - gap) & mask)) continue;
      places[gap] = places[at];
      gap = at;
    }
    places[gap] = none;
    --one.used;
  }

 private:
  using Places = std::vector<Slot>;
  struct Part {
    Places places;  // a power of two
    std::uint32_t used = 0;
  };
  static constexpr std::size_t part_bits = 8;

  // Hashes may be poor in their low bits (std::hash of a number is the number).
  [[nodiscard]] static std::uint64_t mixed(std::uint64_t hash) { return hash * 0x9E3779B97F4A7C15; }
  [[nodiscard]] static std::size_t part(std::uint64_t hash) { return mixed(hash) >> (64 - part_bits); }
  [[nodiscard]] static std::size_t home(std::uint64_t hash, const Places& places) {
    return (mixed(hash) >> 20) & (places.size() - 1);
  }
  [[nodiscard]] static std::size_t next(std::size_t at, const Places& places) { return (at + 1) & (places.size() - 1); }
  static void put(Places& places, std::uint64_t hash, Slot slot) {
    auto at = home(hash, places);
    while (places[at] != none) at = next(at, places);
    places[at] = slot;
  }

  std::array<Part, 1 << part_bits> parts_;
};

}  // namespace hikyaku::spool
