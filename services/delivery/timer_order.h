// TimerOrder: slots in the order of an instant and, at the same instant, of what a comparison says: a sorted list cut into
// chunks. About 16 octets a slot; a chunk is found by halving, and filling in order leaves chunks full.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace hikyaku::delivery {

class TimerOrder {
 public:
  using Slot = std::uint32_t;
  struct Item {
    WallTime when;
    Slot slot = 0;
  };

  [[nodiscard]] bool empty() const { return chunks_.empty(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Item first() const { return chunks_.front()->at(0); }

  // `less(a, b)` of two slots of the same instant: a strict order.
  template <class Less>
  void add(Item item, Less less) {
    ++size_;
    const auto chunk = chunk_for(item, less);
    if (chunk == chunks_.size()) {
      if (chunks_.empty() || chunks_.back()->count == most) {
        chunks_.push_back(std::make_unique<Chunk>());
        chunks_.back()->insert(0, item);
      } else {
        chunks_.back()->insert(chunks_.back()->count, item);
      }
      return;
    }
    auto* into = chunks_[chunk].get();
    const auto place = place_in(*into, item, less);
    if (into->count < most) return into->insert(place, item);
    auto upper = std::make_unique<Chunk>();
    into->give_upper_half(*upper);
    if (place <= into->count) into->insert(place, item);
    else upper->insert(place - into->count, item);
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk) + 1, std::move(upper));
  }

  // It is there.
  template <class Less>
  void remove(Item item, Less less) {
    const auto chunk = chunk_for(item, less);
    auto& from = *chunks_[chunk];
    from.erase(place_in(from, item, less));
    --size_;
    if (from.count == 0) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk));
      return;
    }
    // Neighbours that fit together are one again.
    const auto lower = chunk > 0 ? chunk - 1 : chunk;
    if (lower + 1 >= chunks_.size() || chunks_[lower]->count + chunks_[lower + 1]->count > most / 2) return;
    chunks_[lower + 1]->give_all(*chunks_[lower]);
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(lower) + 1);
  }

  // The first item that is not before, in the sense of `before(item)`: true for a beginning of the order only.
  template <class Before>
  [[nodiscard]] std::optional<Item> first_not(Before before) const {
    const auto chunk = std::partition_point(chunks_.begin(), chunks_.end(), [&](const auto& one) { return before(one->at(one->count - 1)); });
    if (chunk == chunks_.end()) return std::nullopt;
    std::uint32_t low = 0, high = (*chunk)->count;
    while (low < high) {
      const auto middle = (low + high) / 2;
      if (before((*chunk)->at(middle))) low = middle + 1;
      else high = middle;
    }
    return (*chunk)->at(low);
  }

 private:
  static constexpr std::uint32_t most = 256;
  struct Chunk {
    std::uint32_t count = 0;
    std::uint32_t room = 0;  // grows to `most`: small destinations are many
    std::unique_ptr<WallTime[]> when;
    std::unique_ptr<Slot[]> slot;

    [[nodiscard]] Item at(std::uint32_t place) const { return {when[place], slot[place]}; }
    void reach(std::uint32_t wanted) {
      if (wanted <= room) return;
      room = std::max<std::uint32_t>(4, std::min(most, std::max(wanted, room * 2)));
      auto new_when = std::make_unique<WallTime[]>(room);
      auto new_slot = std::make_unique<Slot[]>(room);
      std::copy_n(when.get(), count, new_when.get());
      std::copy_n(slot.get(), count, new_slot.get());
      when = std::move(new_when);
      slot = std::move(new_slot);
    }
    void insert(std::uint32_t place, Item item) {
      reach(count + 1);
      std::copy_backward(when.get() + place, when.get() + count, when.get() + count + 1);
      std::copy_backward(slot.get() + place, slot.get() + count, slot.get() + count + 1);
      when[place] = item.when;
      slot[place] = item.slot;
      ++count;
    }
    void erase(std::uint32_t place) {
      std::copy(when.get() + place + 1, when.get() + count, when.get() + place);
      std::copy(slot.get() + place + 1, slot.get() + count, slot.get() + place);
      --count;
    }
    void give(std::uint32_t from, Chunk& to) {
      const auto moved = count - from;
      to.reach(to.count + moved);
      std::copy_n(when.get() + from, moved, to.when.get() + to.count);
      std::copy_n(slot.get() + from, moved, to.slot.get() + to.count);
      to.count += moved;
      count = from;
    }
    void give_upper_half(Chunk& to) { give(count / 2, to); }
    void give_all(Chunk& to) { give(0, to); }
  };

  template <class Less>
  static bool before(const Item& a, const Item& b, Less less) {
    return a.when != b.when ? a.when < b.when : less(a.slot, b.slot);
  }
  // The first chunk whose last item is not before it.
  template <class Less>
  [[nodiscard]] std::size_t chunk_for(const Item& item, Less less) const {
    const auto found = std::partition_point(chunks_.begin(), chunks_.end(), [&](const auto& one) { return before(one->at(one->count - 1), item, less); });
    return static_cast<std::size_t>(found - chunks_.begin());
  }
  template <class Less>
  [[nodiscard]] static std::uint32_t place_in(const Chunk& chunk, const Item& item, Less less) {
    std::uint32_t low = 0, high = chunk.count;
    while (low < high) {
      const auto middle = (low + high) / 2;
      if (before(chunk.at(middle), item, less)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace hikyaku::delivery
