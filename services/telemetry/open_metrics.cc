#include "services/telemetry/open_metrics.h"

#include <algorithm>
#include <cmath>

namespace hikyaku::telemetry {
namespace {

// The length of the UTF-8 sequence at the beginning, or 0.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  const auto second = length > 1 ? static_cast<unsigned char>(text[1]) : 0;
  const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
  return bad ? 0 : length;
}

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto length = std::max<std::size_t>(1, sequence_length(text));
    if (text[0] == '\\') out += "\\\\";
    else if (text[0] == '"') out += "\\\"";
    else if (text[0] == '\n') out += "\\n";
    else if (sequence_length(text) == 0 || (length == 1 && static_cast<unsigned char>(text[0]) < 0x20)) out += '?';
    else out += text.substr(0, length);
    text.remove_prefix(length);
  }
}

}  // namespace

void OpenMetricsText::family(std::string_view name, MetricType type, std::string_view help, std::string_view unit) {
  name_ = name;
  const bool counter = type == MetricType::Counter, open = form_ == MetricsForm::OpenMetrics;
  if (counter && !open) name_ += "_total";  // the older form knows samples' names only
  out_.append("# TYPE ").append(name_).append(counter ? " counter\n" : " gauge\n");
  if (!unit.empty() && open) out_.append("# UNIT ").append(name_).append(" ").append(unit).append("\n");
  out_.append("# HELP ").append(name_).append(" ");
  append_escaped(out_, help);
  out_ += '\n';
  if (counter && open) name_ += "_total";
}

void OpenMetricsText::begin_sample(Labels labels) {
  out_ += name_;
  char before = '{';
  for (const auto& [name, value] : labels) {
    out_ += before;
    out_.append(name).append("=\"");
    append_escaped(out_, value);
    out_ += '"';
    before = ',';
  }
  if (before == ',') out_ += '}';
  out_ += ' ';
}

void OpenMetricsText::sample(Labels labels, std::uint64_t value) {
  begin_sample(labels);
  out_.append(std::to_string(value)).append("\n");
}

void OpenMetricsText::sample(Labels labels, double value) {
  begin_sample(labels);
  auto thousandths = static_cast<std::uint64_t>(std::llround(std::max(0.0, value) * 1'000));
  auto places = std::to_string(thousandths % 1'000);
  out_.append(std::to_string(thousandths / 1'000)).append(".").append(3 - places.size(), '0').append(places).append("\n");
}

std::string OpenMetricsText::take() { return std::move(out_) + (form_ == MetricsForm::OpenMetrics ? "# EOF\n" : ""); }

}  // namespace hikyaku::telemetry
