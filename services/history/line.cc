#include "services/history/line.h"

#include <array>

#include "base/checksum.h"
#include "base/cursor.h"

namespace hikyaku::history {
namespace {

constexpr std::uint64_t latest_time = 253'402'300'799;  // the end of the year 9999
constexpr std::uint64_t largest = 1ULL << 62;

std::string checksum_text(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto sum = static_cast<std::uint32_t>(checksum(octets));
  std::string text(8, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, sum >>= 4) *at = digits[sum & 15];
  return text;
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t most) {
  Cursor in(text);
  const auto value = parse_number(in, most);
  return value && in.at_end() ? std::optional(*value) : std::nullopt;
}

}  // namespace

void append_line(std::string& out, const Point& point) {
  const auto begin = out.size();
  out.append(std::to_string(point.at.time_since_epoch().count())).append("\t");
  out.append(place_name(point.series.place)).append("\t").append(dimension_name(point.series.by)).append("\t");
  for (const char c : std::string_view(point.series.name).substr(0, longest_name)) out += is_ctl(c) ? '?' : c;
  for (const auto figure : {point.figures.count, point.figures.octets, point.figures.oldest_seconds}) out.append("\t").append(std::to_string(figure));
  const auto sum = checksum_text(std::string_view(out).substr(begin));
  out.append("\t").append(sum).append("\n");
}

std::optional<Point> parse_line(std::string_view line) {
  constexpr std::size_t fields = 8;
  std::array<std::string_view, fields> field;
  const auto last = line.rfind('\t');
  if (last == std::string_view::npos || checksum_text(line.substr(0, last)) != line.substr(last + 1)) return std::nullopt;
  std::size_t count = 0;
  for (std::string_view rest = line;; ++count) {
    if (count == fields) return std::nullopt;
    const auto tab = rest.find('\t');
    field[count] = rest.substr(0, tab);
    if (tab == std::string_view::npos) break;
    rest.remove_prefix(tab + 1);
  }
  if (count + 1 != fields) return std::nullopt;
  const auto at = number(field[0], latest_time);
  const auto place = parse_place(field[1]);
  const auto by = parse_dimension(field[2]);
  const auto messages = number(field[4], largest), octets = number(field[5], largest), oldest = number(field[6], largest);
  if (!at || !place || !by || field[3].size() > longest_name || !messages || !octets || !oldest) return std::nullopt;
  return Point{Time{Seconds{static_cast<std::int64_t>(*at)}}, {*place, *by, std::string(field[3])}, {*messages, *octets, *oldest}};
}

std::size_t read_lines(std::string_view text, const std::function<void(Point&&)>& visit) {
  std::size_t damaged = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    if (auto point = parse_line(line)) visit(*std::move(point));
    else ++damaged;
  }
  return damaged;
}

}  // namespace hikyaku::history
