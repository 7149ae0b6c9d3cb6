#include "services/dmarc_reports/judged_line.h"

#include <array>
#include <limits>

#include "base/cursor.h"

namespace hikyaku::dmarc_reports {
namespace {

constexpr std::string_view version = "2", version_without_interval = "1";
constexpr std::size_t most_field_octets = 300, policy_fields = 11, row_fields = 8;

// A value: no control, and none of the characters that part values.
std::string value(std::string_view text) {
  std::string out(text.substr(0, most_field_octets));
  for (char& c : out)
    if (is_ctl(c) || c == '|' || c == ' ' || c == ',') c = '?';
  return out;
}

std::string joined(std::initializer_list<std::string_view> values, char between) {
  std::string out;
  bool first = true;
  for (const auto one : values) {
    if (!first) out += between;
    first = false;
    out += value(one);
  }
  return out;
}

std::vector<std::string_view> parted(std::string_view text, char at, std::size_t most) {
  std::vector<std::string_view> parts;
  while (parts.size() <= most) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// Lists of values of `count` parts each; empty: none. False: broken.
template <class Take>
bool each_of(std::string_view list, std::size_t count, Take take) {
  if (list.empty()) return true;
  const auto all = parted(list, ' ', dmarc::most_row_results);
  if (all.size() > dmarc::most_row_results) return false;
  for (const auto one : all) {
    const auto parts = parted(one, ',', count);
    if (parts.size() != count) return false;
    take(parts);
  }
  return true;
}

}  // namespace

std::string judged_line(const dmarc::PublishedPolicy& policy, const dmarc::ReportRow& row) {
  std::string line = joined({version, policy.domain, policy.p, policy.sp, policy.np, policy.adkim, policy.aspf, policy.pct, policy.fo, policy.testing, std::to_string(policy.interval_seconds)}, '\t') + '|';
  std::string reasons, dkim, spf;
  for (const auto& one : row.reasons) reasons += (reasons.empty() ? "" : " ") + joined({one.type, one.comment}, ',');
  for (const auto& one : row.dkim_results) dkim += (dkim.empty() ? "" : " ") + joined({one.domain, one.selector, one.result}, ',');
  for (const auto& one : row.spf_results) spf += (spf.empty() ? "" : " ") + joined({one.domain, one.scope, one.result}, ',');
  line += joined({row.source_ip, row.disposition, row.dkim, row.spf}, '\t') + '\t' + reasons + '\t' + joined({row.envelope_from, row.header_from}, '\t') + '\t' + dkim + '|' + spf;
  return line + '\n';
}

std::optional<JudgedLine> split_judged_line(std::string_view line) {
  const auto bar = line.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  return JudgedLine{line.substr(0, bar), line.substr(bar + 1)};
}

std::optional<dmarc::PublishedPolicy> parse_policy(std::string_view policy) {
  const auto parts = parted(policy, '\t', policy_fields);
  const bool tells_interval = parts[0] == version;
  if ((!tells_interval && parts[0] != version_without_interval) || parts.size() != policy_fields - (tells_interval ? 0 : 1) || parts[1].empty()) return std::nullopt;
  dmarc::PublishedPolicy read;
  const std::array<std::string*, policy_fields - 2> to{&read.domain, &read.p, &read.sp, &read.np, &read.adkim, &read.aspf, &read.pct, &read.fo, &read.testing};
  for (std::size_t n = 0; n < to.size(); ++n) *to[n] = parts[n + 1];
  if (!tells_interval) return read;
  Cursor in(parts.back());
  const auto interval = parse_number(in, std::numeric_limits<std::uint32_t>::max());
  if (!interval || !in.at_end()) return std::nullopt;
  read.interval_seconds = static_cast<std::uint32_t>(*interval);
  return read;
}

std::optional<dmarc::ReportRow> parse_row(std::string_view text) {
  const auto bar = text.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  const auto parts = parted(text.substr(0, bar), '\t', row_fields);
  if (parts.size() != row_fields) return std::nullopt;
  dmarc::ReportRow row;
  row.source_ip = parts[0], row.disposition = parts[1], row.dkim = parts[2], row.spf = parts[3], row.envelope_from = parts[5], row.header_from = parts[6];
  const bool reasons = each_of(parts[4], 2, [&row](const auto& one) { row.reasons.push_back({std::string(one[0]), std::string(one[1])}); });
  const bool dkim = each_of(parts[7], 3, [&row](const auto& one) { row.dkim_results.push_back({std::string(one[0]), std::string(one[1]), std::string(one[2]), ""}); });
  const bool spf = each_of(text.substr(bar + 1), 3, [&row](const auto& one) { row.spf_results.push_back({std::string(one[0]), std::string(one[1]), std::string(one[2]), ""}); });
  // The schema wants the address, the author's domain, and what SPF said.
  if (!reasons || !dkim || !spf || row.source_ip.empty() || row.header_from.empty() || row.spf_results.empty()) return std::nullopt;
  return row;
}

}  // namespace hikyaku::dmarc_reports
