// Chart: points of the history put into equal steps of time, to be shown as a table, a line of blocks or JSON. A name costs
// what it has points of, and of many names the largest stay: months of every sender there ever was do not fill the memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/history/files.h"

namespace hikyaku::history {

class Chart {
 public:
  static constexpr std::size_t most_series = 1'000;  // that have a name
  // At most `steps` equal ones from `since`, at least one, each of whole `unit`s: what was counted for an hour cannot be told by the minute.
  Chart(Time since, Time until, std::size_t steps, std::size_t most_named = most_series, Seconds unit = Seconds{60});

  void add(const Point& point);

  [[nodiscard]] Time start_of(std::size_t step) const { return since_ + step_ * static_cast<std::int64_t>(step); }
  [[nodiscard]] Seconds step() const { return step_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }
  // Levels: the largest in the step. Arrivals: the sum. Only steps that have a sample, in order.
  class Line {
   public:
    struct Step {
      std::uint32_t number = 0;
      Figures figures;
    };
    // Null: no sample then.
    [[nodiscard]] const Figures* at(std::size_t step) const;
    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

   private:
    friend class Chart;
    std::vector<Step> steps_;
    std::uint64_t largest_count_ = 0;
  };
  [[nodiscard]] const std::map<Series, Line>& lines() const { return lines_; }
  // Names that were too many: the smallest, by their largest step. Settles lines() too; call it when all is added.
  [[nodiscard]] std::uint64_t leave_out_small();
  // Of the last step that has one.
  [[nodiscard]] static Figures last(const Line& line);
  [[nodiscard]] static Figures largest(const Line& line);

 private:
  Time since_;
  Seconds step_;
  std::size_t steps_ = 1, most_named_, named_ = 0;
  std::map<Series, Line> lines_;
  std::uint64_t left_out_ = 0;
};

// One character for each of the chart's `steps`, "▁" to "█" by count in proportion to `most`; "·" where there is none or nothing.
[[nodiscard]] std::string sparkline(const Chart::Line& line, std::size_t steps, std::uint64_t most);

}  // namespace hikyaku::history
