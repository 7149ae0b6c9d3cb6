// The mail that tells a sender what became of recipients, ready for the spool. Its id follows from who is told what of
// whom: the same report made again, after a crash or by a repeated command, is the same mail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/delivery/attempt.h"
#include "services/delivery/report/delivery_report.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

constexpr std::uint64_t returned_octets = 50 << 10;  // of the original, with the report

struct ReportOrigin {
  std::string hostname;
  std::uint16_t generated_journal = 0;
  WallTime now;
  LanguageRule language;
};
// `reports` is not empty, the reverse-path not null; `text` the original's beginning, returned_octets + 1 are enough.
[[nodiscard]] spool::GeneratedMail make_report_mail(const Message& message, std::vector<RecipientReport> reports, std::string_view kind,
                                                    std::string_view text, const ReportOrigin& origin);

}  // namespace hikyaku::delivery
