#include "services/history/chart.h"

#include <algorithm>
#include <array>

namespace hikyaku::history {

Chart::Chart(Time since, Time until, std::size_t steps) : since_(since) {
  const auto whole = std::max(until - since, Seconds{60});
  const auto wanted = static_cast<std::int64_t>(std::max<std::size_t>(1, steps));
  step_ = std::chrono::ceil<std::chrono::minutes>(Seconds{(whole.count() + wanted - 1) / wanted});
  steps_ = static_cast<std::size_t>((whole + step_ - Seconds{1}) / step_);
}

void Chart::add(const Point& point) {
  if (point.at < since_) return;
  const auto step = static_cast<std::size_t>((point.at - since_) / step_);
  if (step >= steps_) return;
  auto& line = lines_.try_emplace(point.series, steps_).first->second;
  auto& figures = line[step];
  if (!figures) figures = point.figures;
  else if (point.series.place == Place::Arrivals) history::add(*figures, point.figures);
  else take_larger(*figures, point.figures);
}

Figures Chart::last(const Line& line) {
  const auto at = std::ranges::find_if(line.rbegin(), line.rend(), [](const auto& one) { return one.has_value(); });
  return at == line.rend() ? Figures{} : **at;
}

Figures Chart::largest(const Line& line) {
  Figures most;
  for (const auto& one : line)
    if (one) take_larger(most, *one);
  return most;
}

std::string sparkline(const Chart::Line& line, std::uint64_t most) {
  constexpr std::array<std::string_view, 8> blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  for (const auto& one : line) {
    if (!one || one->count == 0 || most == 0) {
      text += "·";
      continue;
    }
    const auto share = static_cast<double>(std::min(one->count, most)) / static_cast<double>(most);
    text += blocks[std::min(blocks.size() - 1, static_cast<std::size_t>(share * static_cast<double>(blocks.size())))];
  }
  return text;
}

}  // namespace hikyaku::history
