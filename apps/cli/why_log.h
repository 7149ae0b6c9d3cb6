// What the logs tell of a message's or a domain's deliveries: the stretches of time of each attempt, and the last words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mail/trace_id.h"
#include "services/delivery/why/cause_clock.h"

namespace hikyaku::cli {

// One recipient, as its log lines tell.
struct LoggedRecipient {
  std::string recipient, sender, destination, next_hop, reply, failure_class;
  std::string event;  // of the last line: "mail.sent", "mail.delivered", "delivery.deferred", "mail.failed"
  WallTime at{};      // of the last line
  std::optional<WallTime> accepted_at, next_try;
  std::uint32_t attempts = 0;
  std::vector<delivery::CauseClock> stretches;
  [[nodiscard]] bool delivered() const { return event == "mail.sent" || event == "mail.delivered"; }
  [[nodiscard]] bool given_up() const { return event == "mail.failed"; }
};

struct LoggedMessage {
  std::optional<WallTime> accepted_at;
  std::string sender;
  std::map<std::string, LoggedRecipient> recipients;  // by address as it was in the envelope
};
// Reads all logs from the day of acceptance on, as far as they are kept. Linear in them.
[[nodiscard]] LoggedMessage read_logged_message(const std::string& log_folder, const TraceId& id);

// The newest attempt for a domain, or for a lane's key, of these days.
[[nodiscard]] std::optional<LoggedRecipient> last_of_domain(const std::string& log_folder, const std::string& domain, const std::string& first_day);
// What deliver's spool complained of since; empty: nothing.
[[nodiscard]] std::string disk_trouble_since(const std::string& log_folder, WallTime since);

}  // namespace hikyaku::cli
