// UrgencyQueue: what waits for one destination in one lane: first come, first served, but for the urgent (RFC 6710). A
// higher priority goes before a lower one, `urgent_before_older` times in a row at most while an older one of lower priority
// waits, whatever came with it or before it between: then that goes, so that nobody waits for ever. What was taken and could not
// be begun is the next again, as if it had not been taken.
//
// `T` has a `since`, by which what waits is ordered. Pure; O(1) an operation, and some pointers more where all is ordinary.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace hikyaku::delivery {

inline constexpr unsigned urgent_before_older = 8;

template <class T>
class UrgencyQueue {
 public:
  [[nodiscard]] bool empty() const { return again_.empty() && usual_.empty() && (!others_ || others_->empty()); }
  [[nodiscard]] std::size_t size() const {
    std::size_t all = again_.size() + usual_.size();
    if (others_)
      for (const auto& [priority, level] : *others_) all += level.size();
    return all;
  }

  void push(std::int8_t priority, T one) {
    if (priority == 0) return usual_.push_back(std::move(one));
    if (!others_) others_ = std::make_unique<Levels>();
    (*others_)[priority].push_back(std::move(one));
  }

  // It was taken from here: its turn has come already. Costs the number of those that were put back and not taken since.
  void put_back(T one) { again_.push_back(std::move(one)); }

  // It is not empty.
  T pop() {
    if (!again_.empty()) {
      T one = std::move(again_.front());
      again_.erase(again_.begin());
      return one;
    }
    if (!others_ || others_->empty()) return take(usual_);
    const auto first = highest();
    const auto older = oldest_below(first);
    auto& level = level_of(first);
    const bool overtakes = older != first && level_of(older).front().since < level.front().since;
    if (!overtakes || overtaken_ < urgent_before_older) {
      // An urgent one that came with the oldest, or before it, takes nothing from it, and gives nothing back of what others took.
      if (older == first) overtaken_ = 0;
      else if (overtakes) ++overtaken_;
      return take_from(first);
    }
    overtaken_ = 0;
    return take_from(older);
  }

  template <class Visit>
  void for_each(Visit visit) {
    each_level(*this, visit);
  }
  template <class Visit>
  void for_each(Visit visit) const {
    each_level(*this, visit);
  }
  template <class Ends>
  std::size_t erase_if(Ends ends) {
    std::size_t erased = std::erase_if(again_, ends) + std::erase_if(usual_, ends);
    if (!others_) return erased;
    for (auto& [priority, level] : *others_) erased += std::erase_if(level, ends);
    std::erase_if(*others_, [](const auto& level) { return level.second.empty(); });
    return erased;
  }
  void clear() {
    again_.clear();
    usual_.clear();
    others_.reset();
    overtaken_ = 0;
  }

 private:
  using Levels = std::map<std::int8_t, std::deque<T>, std::greater<>>;  // without 0; none is empty

  template <class Self, class Visit>
  static void each_level(Self& self, Visit& visit) {
    for (auto& one : self.again_) visit(one);
    for (auto& one : self.usual_) visit(one);
    if (self.others_)
      for (auto& [priority, level] : *self.others_)
        for (auto& one : level) visit(one);
  }
  static T take(std::deque<T>& from) {
    T one = std::move(from.front());
    from.pop_front();
    return one;
  }
  std::deque<T>& level_of(std::int8_t priority) { return priority == 0 ? usual_ : others_->at(priority); }
  [[nodiscard]] std::int8_t highest() const {
    const auto top = others_->begin()->first;
    return top < 0 && !usual_.empty() ? std::int8_t{0} : top;
  }
  // The level below `first` whose first waits the longest; `first`: there is none.
  std::int8_t oldest_below(std::int8_t first) {
    auto oldest = first;
    const auto look = [&](std::int8_t priority, const std::deque<T>& level) {
      if (priority >= first || level.empty()) return;
      if (oldest == first || level.front().since < level_of(oldest).front().since) oldest = priority;
    };
    look(0, usual_);
    for (const auto& [priority, level] : *others_) look(priority, level);
    return oldest;
  }
  T take_from(std::int8_t priority) {
    T one = take(level_of(priority));
    if (priority != 0 && level_of(priority).empty()) others_->erase(priority);
    return one;
  }

  std::vector<T> again_;  // put back, first come first
  std::deque<T> usual_;
  std::unique_ptr<Levels> others_;
  unsigned overtaken_ = 0;  // since an older one had its turn
};

}  // namespace hikyaku::delivery
