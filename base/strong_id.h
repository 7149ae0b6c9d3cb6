// StrongId<Tag, Rep>: a number or text that cannot be taken for another of its kind.
//   using Uid = StrongId<struct UidTag, std::uint32_t>;
#pragma once

#include <compare>
#include <functional>
#include <utility>

namespace hikyaku {

template <class Tag, class Rep>
class StrongId {
 public:
  using Representation = Rep;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(std::move(value)) {}
  [[nodiscard]] constexpr const Rep& value() const { return value_; }
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  Rep value_{};
};

}  // namespace hikyaku

template <class Tag, class Rep>
struct std::hash<hikyaku::StrongId<Tag, Rep>> {
  std::size_t operator()(const hikyaku::StrongId<Tag, Rep>& id) const { return std::hash<Rep>{}(id.value()); }
};
