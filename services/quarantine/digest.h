// The daily list of what came into quarantine, as a mail to the administrator. Pure.
#pragma once

#include "services/quarantine/store.h"

namespace hikyaku::quarantine {

enum class DigestLanguage : std::uint8_t { English, Japanese };
struct DigestPeriod {
  WallTime from, until;
};
struct DigestOrigin {
  std::string hostname;
  Address to;
  std::uint16_t node = 1;
  DigestLanguage language = DigestLanguage::English;
};
// Nothing: none was taken in that time. Its id follows from the day of `until` and the address. At most 1,000 lines.
[[nodiscard]] std::optional<spool::GeneratedMail> digest_mail(const std::vector<Entry>& entries, const DigestPeriod& period, const DigestOrigin& origin);

}  // namespace hikyaku::quarantine
