#include "services/settings/nearest.h"

#include <array>

namespace hikyaku::settings {

namespace {

constexpr std::size_t longest = 64;

// Optimal string alignment distance.
std::size_t edits(std::string_view a, std::string_view b) {
  a = a.substr(0, longest), b = b.substr(0, longest);
  std::array<std::array<std::size_t, longest + 1>, longest + 1> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view wrong, const std::vector<std::string_view>& known) {
  std::optional<std::string_view> best;
  std::size_t fewest = longest + 1;
  for (const auto name : known) {
    const std::size_t needed = edits(wrong, name);
    if (needed < fewest && needed * 3 <= std::max(wrong.size(), name.size())) best = name, fewest = needed;
  }
  return best;
}

}  // namespace hikyaku::settings
