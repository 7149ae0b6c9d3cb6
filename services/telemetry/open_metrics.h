// OpenMetricsText: metrics as Prometheus and its kin read them. A family is opened with its name, type and help, then its
// samples follow. Two forms: OpenMetrics 1.0, which ends with "# EOF", and Prometheus' own older one (0.0.4).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace hikyaku::telemetry {

enum class MetricType : std::uint8_t {
  Counter,  // only grows; its samples are named with "_total"
  Gauge,
};

enum class MetricsForm : std::uint8_t { OpenMetrics, Prometheus };

class OpenMetricsText {
 public:
  explicit OpenMetricsText(MetricsForm form = MetricsForm::OpenMetrics) : form_(form) {}
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // `name` as [a-z_]+, without "_total"; each family once. `unit`: the name's ending ("seconds", "bytes"), or empty.
  void family(std::string_view name, MetricType type, std::string_view help, std::string_view unit = {});
  // Of the family opened last; each set of labels once. Values of labels may hold anything: they are escaped, and octets that
  // are no UTF-8 become "?".
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);  // written with 3 places after the point
  // The whole, ended.
  [[nodiscard]] std::string take();

 private:
  void begin_sample(Labels labels);
  const MetricsForm form_;
  std::string out_, name_;
};

}  // namespace hikyaku::telemetry
