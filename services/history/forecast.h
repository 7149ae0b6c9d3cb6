// Forecast: how much mail will come in a time to come, from the arrivals of each past hour: the rhythm of the week, at the
// level of the last two weeks. Single large mailings of the past are cut to what the hour usually has. Pure.
#pragma once

#include <map>
#include <optional>

#include "services/history/sample.h"

namespace hikyaku::history {

using HourlyArrivals = std::map<Time, Figures>;  // by the hour's beginning; hours without mail may be missing

class Forecast {
 public:
  enum class Basis : std::uint8_t {
    None,    // nothing is known: every answer is zero
    Rate,    // less than a day: the mean
    Daily,   // less than a week: by hour of the day
    Weekly,  // by hour of the week, of at most eight weeks
  };
  // Of hours in [since, known_until), both cut to whole hours; a missing one had no mail.
  Forecast(const HourlyArrivals& arrivals, Time since, Time known_until);

  struct Expected {
    double messages = 0, octets = 0;
  };
  [[nodiscard]] Expected expect(Time from, Time until) const;
  // When as many octets have come since `from`, `octets_a_message` more for each message. Nothing: not by `until`.
  [[nodiscard]] std::optional<Time> reached(Time from, Time until, double octets, double octets_a_message) const;
  [[nodiscard]] Basis basis() const { return basis_; }
  [[nodiscard]] std::chrono::hours known() const { return known_; }

 private:
  [[nodiscard]] Expected in_hour(Time hour) const;
  Basis basis_ = Basis::None;
  std::chrono::hours known_{0};
  std::vector<Expected> bins_;  // of the rhythm, from the epoch's hour on
};

}  // namespace hikyaku::history
