// Any report: what is read is written so that it reads the same again, by both schemas.
#include <cstdlib>

#include "protocol/dmarc/aggregate_report.h"

using namespace hikyaku::dmarc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = parse_report({reinterpret_cast<const char*>(data), size});
  if (!report) return 0;
  for (const auto schema : {Schema::Rfc7489, Schema::Rfc9990}) {
    const auto again = parse_report(report_xml(*report, schema));
    if (!again || again->rows.size() != report->rows.size() || again->begin != report->begin) std::abort();
  }
  return 0;
}
