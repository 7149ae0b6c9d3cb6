#include "services/policy/access_rule.h"

#include "services/policy/access_table.h"
#include "services/policy/client_name.h"
#include "services/policy/sender_rules.h"

namespace hikyaku::policy {
namespace {

using Verdict = Finding::Verdict;
using directory::AccessAction;
using directory::AccessRow;

Finding objection(const AccessRow& row) {
  const bool defer = row.action == AccessAction::Defer;
  return {.verdict = defer ? Verdict::Defer : Verdict::Refuse,
          .reply = {static_cast<std::uint16_t>(defer ? 450 : 554), {static_cast<std::uint16_t>(defer ? 4 : 5), 7, 1},
                    row.who == directory::AccessWho::Client ? "This server does not take mail from your host" : "This server does not take this mail"},
          .evidence = std::string(directory::who_name(row.who)) + " " + row.pattern + " (" + row.source + ")"};
}

Finding permission(const AccessRow& row, Allows allows) {
  return {.verdict = Verdict::Allow, .allows = allows, .evidence = std::string(directory::who_name(row.who)) + " " + row.pattern + " (" + row.source + ")"};
}

// The row of the client's address, else of its name.
struct ClientRow {
  const AccessRow* row = nullptr;  // null: none
  bool unsure = false;             // its name could not be had
};
std::optional<ClientRow> client_row(const Attempt& attempt, const AccessTable& table, Answers& answers) {
  if (const auto* row = table.of_address(attempt.client, attempt.now)) return ClientRow{row};
  if (!table.has_names()) return ClientRow{};
  const auto name = client_name(attempt.client, answers);
  if (!name) return std::nullopt;
  if (name->proof == ClientName::Proof::Confirmed) return ClientRow{table.of_name(name->name, attempt.now)};
  return ClientRow{nullptr, name->proof == ClientName::Proof::Failure};
}

}  // namespace

std::optional<Finding> find_access(const Attempt& attempt, const Config& config, Answers& answers) {
  if (!config.access || config.access->size() == 0) return Finding{};
  const auto& table = *config.access;
  const auto* recipient = table.of_recipient(attempt.recipient, attempt.now);
  const auto* sender = table.of_sender(attempt.reverse_path, attempt.now);
  if (recipient != nullptr && recipient->action != AccessAction::Allow) return objection(*recipient);
  if (sender != nullptr && sender->action != AccessAction::Allow) return objection(*sender);
  const auto client = client_row(attempt, table, answers);
  if (client && client->row != nullptr && client->row->action != AccessAction::Allow && recipient == nullptr) return objection(*client->row);
  if (recipient != nullptr) return permission(*recipient, Allows::Everything);
  if (!client) return std::nullopt;
  if (client->row != nullptr) return permission(*client->row, Allows::Client);
  if (sender == nullptr) return Finding{.unsure = client->unsure};
  const auto spf = spf_verdict(attempt, answers);
  if (!spf) return std::nullopt;
  if (vouches(*spf)) return permission(*sender, Allows::Client);
  return Finding{.unsure = client->unsure || spf->outcome == spf::Outcome::TempError, .evidence = "sender " + sender->pattern + " is allowed, but SPF does not prove it"};
}

}  // namespace hikyaku::policy
