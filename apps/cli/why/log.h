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
  std::string by;     // of the last line: an operator whose command ended it
  std::string event;  // of the last line: "mail.sent", "mail.delivered", "delivery.deferred", "mail.failed"
  WallTime at{};      // of the last line
  std::optional<WallTime> accepted_at, next_try;
  std::uint32_t attempts = 0;
  std::vector<delivery::CauseClock> stretches;
  [[nodiscard]] bool delivered() const { return event == "mail.sent" || event == "mail.delivered"; }
  [[nodiscard]] bool given_up() const { return event == "mail.failed"; }
  [[nodiscard]] bool went_on() const { return event == "mail.expanded"; }
  std::uint64_t copies = 0;  // of one that went on: the recipients it became
};

struct LoggedMessage {
  std::optional<WallTime> accepted_at;
  std::string sender;
  std::map<std::string, LoggedRecipient> recipients;  // by address as it was in the envelope
  std::optional<TraceId> parent;                      // the mail it came of
  std::uint64_t copies = 0;                           // of one that came of another: its recipients
};
// Reads all logs from the day of acceptance on, as far as they are kept. Linear in them.
[[nodiscard]] LoggedMessage read_logged_message(const std::string& log_folder, const TraceId& id);

// The mails that one became, oldest first, those of those too; at most `most`. `left_out`: how many more there are.
// Apart from them, at most `most`: what tells of one of these mails (a report, a notice, a dead letter), and what that became.
struct Descendants {
  std::vector<TraceId> ids;
  struct Telling {
    TraceId id;
    std::string kind, to;  // of what such a one became: empty
    TraceId of;
  };
  std::vector<Telling> telling;
  std::size_t left_out = 0;
};
[[nodiscard]] Descendants descendants_of(const std::string& log_folder, const TraceId& id, std::size_t most);
// Several at once, in one reading.
[[nodiscard]] std::map<TraceId, LoggedMessage> read_logged_messages(const std::string& log_folder, const std::vector<TraceId>& ids);

// The newest attempt for a domain, or for a lane's key, of these days.
[[nodiscard]] std::optional<LoggedRecipient> last_of_domain(const std::string& log_folder, const std::string& domain, const std::string& first_day);
// The newest `hikyaku queue redirect` that named the domain (or all mail), or one of the destinations, of these days.
struct LoggedRedirect {
  std::string to, by;
  WallTime at{};
  std::uint64_t recipients = 0;
};
[[nodiscard]] std::optional<LoggedRedirect> last_redirect(const std::string& log_folder, const std::string& domain, const std::vector<std::string>& destinations,
                                                          const std::string& first_day);
// What deliver's spool complained of since; empty: nothing.
[[nodiscard]] std::string disk_trouble_since(const std::string& log_folder, WallTime since);

}  // namespace hikyaku::cli
