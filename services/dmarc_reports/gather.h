// Gathering: the lines of a day become, for each domain, its policy as last seen and the rows of its report with their counts. Bounded: what is beyond is
// counted and told of in the report. Reads a file in pieces.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/dmarc_reports/judged_line.h"

namespace hikyaku::dmarc_reports {

struct DomainSeen {
  dmarc::PublishedPolicy policy;
  std::map<std::string, std::uint64_t, std::less<>> rows;  // the row's text -> messages
  std::uint64_t unlisted = 0;                              // messages beyond the bounds
};
struct Seen {
  std::map<std::string, DomainSeen, std::less<>> domains;
  std::size_t rows = 0;
};
inline constexpr std::size_t most_domains = 20'000, most_rows_of_domain = 10'000, most_rows = 300'000;

// One line, without its LF; one that is damaged is passed over.
void take_line(Seen& seen, std::string_view line);
[[nodiscard]] io::DiskResult<Seen> gather(io::Disk& disk, const std::string& path);
// The rows, biggest counts first.
[[nodiscard]] std::vector<dmarc::ReportRow> rows_of(const DomainSeen& domain);

}  // namespace hikyaku::dmarc_reports
