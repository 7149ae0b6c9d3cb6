#include "services/history/forecast.h"

#include <algorithm>
#include <cmath>

namespace hikyaku::history {
namespace {

using std::chrono::hours;
constexpr std::size_t week = 168, day = 24, most_weeks = 8;
constexpr double older_week_weighs = 0.85;   // of the one after it
constexpr double last_week_weighs = 0.7;    // of the level; the one before has the rest
constexpr double unusual = 3.0;             // times the hour's median: what is beyond is cut off
constexpr std::size_t weeks_to_judge = 4;

std::size_t hour_number(Time time) { return static_cast<std::size_t>(std::chrono::floor<hours>(time).time_since_epoch().count()); }

// One figure, hour by hour; the last value is the newest.
using Values = std::vector<double>;

double sum_of(const Values& values, std::size_t from, std::size_t count) {
  double sum = 0;
  for (auto at = from; at < from + count; ++at) sum += values[at];
  return sum;
}

double median(Values values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Where at least four weeks are known, an hour far above its median becomes what is usual.
void cut_unusual(Values& values) {
  if (values.size() < week * weeks_to_judge) return;
  for (std::size_t bin = 0; bin < week; ++bin) {
    Values same;
    for (std::size_t at = bin; at < values.size(); at += week) same.push_back(values[at]);
    // A sparse series has medians of zero: there the mean of all but the largest is the measure.
    const auto rest = (sum_of(same, 0, same.size()) - *std::ranges::max_element(same)) / static_cast<double>(same.size() - 1);
    const auto most = unusual * std::max(median(same), rest);
    for (std::size_t at = bin; at < values.size(); at += week) values[at] = std::min(values[at], most);
  }
}

// Means by bin of a rhythm of `period` hours; the first bin is that of the first value. Newer periods weigh more.
Values rhythm(const Values& values, std::size_t period) {
  Values bins(period, 0.0), weights(period, 0.0);
  for (std::size_t at = 0; at < values.size(); ++at) {
    const auto age = static_cast<double>((values.size() - 1 - at) / period);
    const auto weight = period == week ? std::pow(older_week_weighs, age) : 1.0;
    bins[at % period] += weight * values[at];
    weights[at % period] += weight;
  }
  for (std::size_t bin = 0; bin < period; ++bin) bins[bin] = weights[bin] > 0 ? bins[bin] / weights[bin] : 0;
  return bins;
}

Values expected(Values values, std::size_t period) {
  if (period == week) cut_unusual(values);
  auto bins = rhythm(values, period);
  if (period != week) return bins;
  const auto usual = sum_of(bins, 0, week);
  if (usual <= 0) return bins;
  const auto last = sum_of(values, values.size() - week, week);
  const auto before = values.size() >= 2 * week ? sum_of(values, values.size() - 2 * week, week) : last;
  const auto level = (last_week_weighs * last + (1 - last_week_weighs) * before) / usual;
  for (auto& bin : bins) bin *= level;
  return bins;
}

}  // namespace

Forecast::Forecast(const HourlyArrivals& arrivals, Time since, Time known_until) {
  const auto until = std::chrono::floor<hours>(known_until);
  const auto from = std::max(std::chrono::ceil<hours>(since), until - hours{week * most_weeks});
  if (until <= from) return;
  known_ = std::chrono::duration_cast<hours>(until - from);
  const auto count = static_cast<std::size_t>(known_.count());
  basis_ = count < day ? Basis::Rate : count < week ? Basis::Daily : Basis::Weekly;
  const std::size_t period = basis_ == Basis::Rate ? 1 : basis_ == Basis::Daily ? day : week;
  Values messages(count, 0.0), octets(count, 0.0);
  for (auto at = arrivals.lower_bound(from); at != arrivals.end() && at->first < until; ++at) {
    const auto place = hour_number(at->first) - hour_number(from);
    messages[place] += static_cast<double>(at->second.count);
    octets[place] += static_cast<double>(at->second.octets);
  }
  const auto of_messages = expected(std::move(messages), period), of_octets = expected(std::move(octets), period);
  bins_.resize(period);
  for (std::size_t bin = 0; bin < period; ++bin) bins_[(hour_number(from) + bin) % period] = {of_messages[bin], of_octets[bin]};
}

Forecast::Expected Forecast::in_hour(Time hour) const { return bins_.empty() ? Expected{} : bins_[hour_number(hour) % bins_.size()]; }

Forecast::Expected Forecast::expect(Time from, Time until) const {
  Expected sum;
  for (auto at = from; at < until;) {
    const Time next = std::min<Time>(std::chrono::floor<hours>(at) + hours{1}, until);
    const auto share = static_cast<double>((next - at).count()) / 3'600.0;
    const auto one = in_hour(at);
    sum.messages += one.messages * share;
    sum.octets += one.octets * share;
    at = next;
  }
  return sum;
}

std::optional<Time> Forecast::reached(Time from, Time until, double octets, double octets_a_message) const {
  if (octets <= 0) return from;
  for (auto at = from; at < until;) {
    const Time next = std::min<Time>(std::chrono::floor<hours>(at) + hours{1}, until);
    const auto one = expect(at, next);
    const auto more = one.octets + one.messages * octets_a_message;
    if (more >= octets) return at + Seconds{static_cast<std::int64_t>(static_cast<double>((next - at).count()) * octets / more)};
    octets -= more;
    at = next;
  }
  return std::nullopt;
}

}  // namespace hikyaku::history
