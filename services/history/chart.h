// Chart: points of the history put into equal steps of time, to be shown as a table, a line of blocks or JSON.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/history/files.h"

namespace hikyaku::history {

class Chart {
 public:
  // `steps` equal ones from `since`; at least one, of at least a minute.
  Chart(Time since, Time until, std::size_t steps);

  void add(const Point& point);

  [[nodiscard]] Time start_of(std::size_t step) const { return since_ + step_ * static_cast<std::int64_t>(step); }
  [[nodiscard]] Seconds step() const { return step_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }
  // Levels: the largest in the step. Arrivals: the sum. Nothing: no sample then.
  using Line = std::vector<std::optional<Figures>>;
  [[nodiscard]] const std::map<Series, Line>& lines() const { return lines_; }
  // Of the last step that has one.
  [[nodiscard]] static Figures last(const Line& line);
  [[nodiscard]] static Figures largest(const Line& line);

 private:
  Time since_;
  Seconds step_{60};
  std::size_t steps_ = 1;
  std::map<Series, Line> lines_;
};

// One character a step, "▁" to "█" by count in proportion to `most`; "·" where there is none or nothing.
[[nodiscard]] std::string sparkline(const Chart::Line& line, std::uint64_t most);

}  // namespace hikyaku::history
