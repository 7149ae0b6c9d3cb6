// Whether one message answers a search (RFC 9051 §6.4.4). Pure; the store runs it on a worker, over whatever its index
// left as candidates. A header or a body is asked for only when a key needs it.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "protocol/imap/search_keys.h"
#include "protocol/imap/values.h"

namespace hikyaku::imap {

class SearchSubject {
 public:
  virtual ~SearchSubject() = default;
  [[nodiscard]] virtual std::uint32_t uid() const = 0;
  [[nodiscard]] virtual const MessageFlags& flags() const = 0;
  [[nodiscard]] virtual std::uint64_t modseq() const = 0;
  [[nodiscard]] virtual std::uint64_t size_octets() const = 0;
  [[nodiscard]] virtual WallTime internal_date() const = 0;
  [[nodiscard]] virtual std::optional<WallTime> save_date() const = 0;
  [[nodiscard]] virtual std::string_view email_id() const = 0;
  // East of UTC, of the days that BEFORE, ON and SINCE mean.
  [[nodiscard]] virtual std::chrono::minutes zone(WallTime) const { return {}; }
  // The header as it stands in the message, and the text of the body as mime::body_text() gives it, normalised; both
  // stay valid until the subject goes.
  [[nodiscard]] virtual std::string_view header() = 0;
  [[nodiscard]] virtual std::string_view normalised_body() = 0;
};

// `key`: numbers, "$" and recency already turned into UIDs (a key of kind Numbers matches nothing).
[[nodiscard]] bool matches(const SearchKey& key, SearchSubject& subject, WallTime now);

}  // namespace hikyaku::imap
