// The log's line about each mail that another one caused (a report, a notice, a dead letter): its id and its parent's, so that
// `trace` and `why` lead from one to the other. Copies that go on are told by who makes them; theirs has no `text`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "services/spool/message.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

// What its `text` says.
namespace made {
inline constexpr std::string_view report = "report", notice = "notice", dead_letter = "dead letter";
}

struct MadeMail {
  TraceId id;
  std::string sender, recipient;
  std::uint64_t octets = 0;
};
// To be taken before the mail is handed to the spool, and told once it is on stable storage.
[[nodiscard]] std::vector<MadeMail> made_of(std::span<const spool::GeneratedMail> mails);
void log_made(telemetry::Log& log, const TraceId& parent, std::string_view kind, std::span<const MadeMail> mails);

}  // namespace hikyaku::delivery
