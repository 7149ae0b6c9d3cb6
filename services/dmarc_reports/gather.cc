#include "services/dmarc_reports/gather.h"

#include <algorithm>

namespace hikyaku::dmarc_reports {
namespace {

constexpr std::size_t piece_octets = 1 << 20, longest_line = 64 << 10;

}  // namespace

void take_line(Seen& seen, std::string_view line, unsigned hour, const IsTold& is_told) {
  const auto halves = split_judged_line(line);
  if (!halves) return;
  auto policy = parse_policy(halves->policy);
  if (!policy || !parse_row(halves->row) || is_told(policy->domain, hour)) return;
  auto domain = seen.domains.find(policy->domain);
  if (domain == seen.domains.end()) {
    if (seen.domains.size() >= most_domains) return;
    domain = seen.domains.try_emplace(policy->domain).first;
  }
  auto& into = domain->second;
  into.policy = *std::move(policy);
  into.hours |= hours_from(hour, 1);
  if (const auto known = into.rows.find(halves->row); known != into.rows.end()) return void(++known->second);
  if (into.rows.size() >= most_rows_of_domain || seen.rows >= most_rows) return void(++into.unlisted);
  into.rows.emplace(halves->row, 1);
  ++seen.rows;
}

io::DiskResult<> gather(Seen& seen, io::Disk& disk, const std::string& path, unsigned hour, const IsTold& is_told) {
  TRY(file, disk.open(path, io::OpenMode::Read));
  std::string piece(piece_octets, '\0'), rest;
  for (std::uint64_t at = 0;;) {
    TRY(got, file->read_at(at, piece));
    if (got == 0) break;
    at += got;
    std::string_view text(piece.data(), got);
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      rest += text.substr(0, end);
      take_line(seen, rest, hour, is_told);
      rest.clear();
      text.remove_prefix(end + 1);
    }
    if (rest.size() + text.size() <= longest_line) rest += text;
  }
  return {};
}

std::vector<dmarc::ReportRow> rows_of(const DomainSeen& domain) {
  std::vector<dmarc::ReportRow> rows;
  for (const auto& [text, count] : domain.rows)
    if (auto row = parse_row(text)) {
      row->count = count;
      rows.push_back(*std::move(row));
    }
  std::ranges::sort(rows, std::greater{}, [](const auto& row) { return row.count; });
  return rows;
}

}  // namespace hikyaku::dmarc_reports
