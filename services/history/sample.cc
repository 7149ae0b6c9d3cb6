#include "services/history/sample.h"

#include <algorithm>
#include <array>

namespace hikyaku::history {
namespace {
constexpr std::array<std::string_view, 4> places = {"incoming", "holding", "domains", "arrivals"};
constexpr std::array<std::string_view, 6> dimensions = {"total", "destination", "sender", "account", "class", "mailbox"};

template <class Value, std::size_t N>
std::optional<Value> find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto at = std::ranges::find(names, name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Value>(at - names.begin());
}
}  // namespace

std::string_view place_name(Place place) { return places[static_cast<std::size_t>(place)]; }
std::string_view dimension_name(Dimension by) { return dimensions[static_cast<std::size_t>(by)]; }
std::optional<Place> parse_place(std::string_view name) { return find<Place>(places, name); }
std::optional<Dimension> parse_dimension(std::string_view name) { return find<Dimension>(dimensions, name); }

void take_larger(Figures& into, const Figures& from) {
  into.count = std::max(into.count, from.count);
  into.octets = std::max(into.octets, from.octets);
  into.oldest_seconds = std::max(into.oldest_seconds, from.oldest_seconds);
}

void add(Figures& into, const Figures& from) {
  into.count += from.count;
  into.octets += from.octets;
  into.oldest_seconds = std::max(into.oldest_seconds, from.oldest_seconds);
}

}  // namespace hikyaku::history
