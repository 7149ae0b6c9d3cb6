// Gathering: the lines of some hours of a day become, for each domain, its policy as last seen and the rows of its report with their counts. Bounded: what is
// beyond is counted and told of in the report. Reads a file in pieces.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/dmarc_reports/judged_line.h"

namespace hikyaku::dmarc_reports {

using Hours = std::uint32_t;  // of one UTC day, a bit each
inline constexpr unsigned hours_of_day = 24;
inline constexpr Hours whole_day = (1U << hours_of_day) - 1;
// `count` hours from `first` on.
[[nodiscard]] constexpr Hours hours_from(unsigned first, unsigned count) { return (whole_day >> (hours_of_day - count)) << first; }

struct DomainSeen {
  dmarc::PublishedPolicy policy;
  std::map<std::string, std::uint64_t, std::less<>> rows;  // the row's text -> messages
  std::uint64_t unlisted = 0;                              // messages beyond the bounds
  Hours hours = 0;                                         // in which they came
};
struct Seen {
  std::map<std::string, DomainSeen, std::less<>> domains;
  std::size_t rows = 0;
};
inline constexpr std::size_t most_domains = 20'000, most_rows_of_domain = 10'000, most_rows = 300'000;

// Whether that hour of a domain is none of this report's.
using IsTold = std::function<bool(std::string_view domain, unsigned hour)>;

// One line of that hour (0 to 23), without its LF; one that is damaged is passed over.
void take_line(Seen& seen, std::string_view line, unsigned hour, const IsTold& is_told);
// One hour's file, to what was gathered.
[[nodiscard]] io::DiskResult<> gather(Seen& seen, io::Disk& disk, const std::string& path, unsigned hour, const IsTold& is_told);
// The rows, biggest counts first.
[[nodiscard]] std::vector<dmarc::ReportRow> rows_of(const DomainSeen& domain);

}  // namespace hikyaku::dmarc_reports
