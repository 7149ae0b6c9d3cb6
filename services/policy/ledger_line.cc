#include "services/policy/ledger_line.h"

#include "services/policy/recipient_reply.h"
#include "services/telemetry/line_reader.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::policy {

std::optional<LedgerLine> parse_ledger_line(std::string_view line) {
  const bool refused = line.find("\"event\":\"recipient.refused\"") != std::string_view::npos;
  // What was released from escrow has come in, and needs no second copy.
  const bool taken = line.find("\"event\":\"mail.accepted\"") != std::string_view::npos || line.find("\"event\":\"escrow.repeated\"") != std::string_view::npos;
  if (!refused && !taken) return std::nullopt;
  const telemetry::LineReader event(line);
  const auto at = telemetry::parse_stamp(event.text("time"));
  auto client = event.text("client");
  if (!at || client.empty()) return std::nullopt;
  if (!refused) {
    if (const auto name = event.text("event"); name != "mail.accepted" && name != "escrow.repeated") return std::nullopt;
    return TakenIn{*at, std::move(client), event.text("sender"), event.text("recipient")};
  }
  auto rule = event.text("rule");
  const auto reply = event.text("reply");
  if (event.text("event") != "recipient.refused") return std::nullopt;
  // Who logged in is no stranger: his program tells him.
  if (!event.text("account").empty()) return std::nullopt;
  if (reply.starts_with('5')) return RefusedForGood{*at, std::move(client), std::move(rule)};
  // Nobody can let him in: a full mailbox, a hold and a user's hours are no fault of the sender.
  if (!reply.starts_with('4') || rule.empty() || rule == refused_by::quota || rule == refused_by::hold || rule == refused_by::account_rules) return std::nullopt;
  auto reason = event.text("reason");
  const bool proved = reason.find(" spf:") != std::string::npos;
  return PutOff{.at = *at, .client = std::move(client), .client_name = event.text("client_name"), .helo = event.text("helo"), .sender = event.text("sender"),
                .recipient = event.text("recipient"), .rule = std::move(rule), .reason = std::move(reason), .proved = proved};
}

}  // namespace hikyaku::policy
