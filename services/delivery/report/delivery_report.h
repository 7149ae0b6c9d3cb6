// Delivery status notifications (RFC 3461, 3464, 6522, 6533): the mail that tells a sender what became of recipients.
// Pure text making: who gets a notification and why is decided elsewhere (notification.h).
//
// The part for people is text/plain in UTF-8, in base64 unless it is plain ASCII: every client that knows MIME reads it,
// no relay can spoil it, and a client too old for multipart/report shows it as the first part of a multipart/mixed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mail/envelope.h"
#include "services/delivery/report/report_language.h"
#include "services/delivery/retry_policy.h"

namespace hikyaku::delivery {

enum class Action : std::uint8_t { Failed, Delayed, Delivered, Relayed, Expanded };  // RFC 3464 §2.3.3

struct RecipientReport {
  Recipient recipient;
  std::uint32_t index = 0;  // of the recipient in the envelope
  Action action = Action::Failed;
  std::string status;       // "5.1.1" (RFC 3463)
  std::string diagnostic;   // the peer's reply as it came, "550 5.1.1 no such user"; empty: none was received
  std::string explanation;  // one sentence of ours when there was no reply ("no answer from mx.example for 5 days")
  std::string remote_mta;   // host name of the peer that replied; empty: none
  std::optional<WallTime> last_attempt;
  std::optional<WallTime> will_retry_until;  // Delayed only
  std::optional<FailureClass> failure;       // Failed and Delayed: finds the cause where no code tells it
};

struct ReportRequest {
  const Envelope& original;
  TraceId report_id;
  std::string_view reporting_mta;  // our own host name
  WallTime now;
  std::vector<RecipientReport> recipients;
  // The original text, or as much of it as was kept; only its header goes back when the sender asked for that
  // (RET=HDRS), when the text is longer than `full_return_limit`, or when nothing failed.
  std::string_view original_text;
  std::uint64_t full_return_limit = 50 << 10;
  ReportLanguages languages = ReportLanguages::JapaneseFirst;
  int zone_minutes = 0;  // of the times people read, east of UTC
};

// As many recipients as one report tells of; the caller makes several of more.
inline constexpr std::size_t most_recipients_of_a_report = 1'000;

// The whole message, CRLF line ends, at most `original_text` plus about 2 KiB for each recipient. Addressed to the
// original reverse-path, which must not be null. Linear in its output.
[[nodiscard]] std::string make_delivery_report(const ReportRequest& request);

}  // namespace hikyaku::delivery
