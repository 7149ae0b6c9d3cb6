// The daily list of what came into quarantine, as a mail to the administrator. Pure.
#pragma once

#include "services/quarantine/store.h"

namespace hikyaku::quarantine {

enum class DigestLanguage : std::uint8_t { English, Japanese };
struct DigestOrigin {
  std::string hostname;
  Address to;
  std::uint16_t node = 1;
  DigestLanguage language = DigestLanguage::English;
};
// Nothing: there are none. Its id follows from the day of `now` and the address. At most 1,000 lines.
[[nodiscard]] std::optional<spool::GeneratedMail> digest_mail(const std::vector<const Entry*>& untold, WallTime now, const DigestOrigin& origin);

// Who was told of which messages: their ids, a line each. By ids and not by time, since one that is deposited while a digest is made must
// be in the next.
[[nodiscard]] std::string told_text(const std::vector<Entry>& entries);
// Those whose id is not in the text of the last time. `told` nothing: there was none; then those taken since `since`.
[[nodiscard]] std::vector<const Entry*> untold(const std::vector<Entry>& entries, const std::optional<std::string>& told, WallTime since);

}  // namespace hikyaku::quarantine
