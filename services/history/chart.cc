#include "services/history/chart.h"

#include <algorithm>
#include <array>

namespace hikyaku::history {

Chart::Chart(Time since, Time until, std::size_t steps, std::size_t most_named, Seconds unit) : since_(since), step_(unit), most_named_(most_named) {
  const auto whole = std::max(until - since, unit);
  const auto wanted = static_cast<std::int64_t>(std::max<std::size_t>(1, steps));
  step_ = unit * std::max<std::int64_t>(1, (whole.count() + wanted * unit.count() - 1) / (wanted * unit.count()));
  steps_ = static_cast<std::size_t>((whole + step_ - Seconds{1}) / step_);
}

void Chart::add(const Point& point) {
  if (point.at < since_) return;
  const auto step = static_cast<std::size_t>((point.at - since_) / step_);
  if (step >= steps_) return;
  const auto [place, is_new] = lines_.try_emplace(point.series);
  auto& line = place->second;
  const auto number = static_cast<std::uint32_t>(step);
  auto at = std::ranges::lower_bound(line.steps_, number, {}, &Line::Step::number);  // mostly the last
  if (at == line.steps_.end() || at->number != number) at = line.steps_.insert(at, {number, point.figures});
  else if (point.series.place == Place::Arrivals) history::add(at->figures, point.figures);
  else take_larger(at->figures, point.figures);
  line.largest_count_ = std::max(line.largest_count_, at->figures.count);
  if (!is_new || point.series.name.empty()) return;
  // Room for as many again, so that the small ones are looked for seldom.
  if (++named_ > 2 * most_named_) (void)leave_out_small();
}

// A name that was left out and comes again is a new one, without the small steps it had.
std::uint64_t Chart::leave_out_small() {
  if (named_ <= most_named_) return left_out_;
  std::vector<std::map<Series, Line>::iterator> named;
  for (auto one = lines_.begin(); one != lines_.end(); ++one)
    if (!one->first.name.empty()) named.push_back(one);
  std::ranges::nth_element(named, named.begin() + static_cast<std::ptrdiff_t>(most_named_),
                           [](const auto& a, const auto& b) { return a->second.largest_count_ > b->second.largest_count_; });
  for (std::size_t n = most_named_; n < named.size(); ++n) lines_.erase(named[n]);
  left_out_ += named.size() - most_named_;
  named_ = most_named_;
  return left_out_;
}

const Figures* Chart::Line::at(std::size_t step) const {
  const auto found = std::ranges::lower_bound(steps_, step, {}, &Step::number);
  return found == steps_.end() || found->number != step ? nullptr : &found->figures;
}

Figures Chart::last(const Line& line) { return line.steps_.empty() ? Figures{} : line.steps_.back().figures; }

Figures Chart::largest(const Line& line) {
  Figures most;
  for (const auto& one : line.steps_) take_larger(most, one.figures);
  return most;
}

std::string sparkline(const Chart::Line& line, std::size_t steps, std::uint64_t most) {
  constexpr std::array<std::string_view, 8> blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  for (std::size_t step = 0; step < steps; ++step) {
    const auto* one = line.at(step);
    if (one == nullptr || one->count == 0 || most == 0) {
      text += "·";
      continue;
    }
    const auto share = static_cast<double>(std::min(one->count, most)) / static_cast<double>(most);
    text += blocks[std::min(blocks.size() - 1, static_cast<std::size_t>(share * static_cast<double>(blocks.size())))];
  }
  return text;
}

}  // namespace hikyaku::history
