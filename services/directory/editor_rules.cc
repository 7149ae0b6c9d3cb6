// What accounts may send and get, as the editor changes it.
#include "services/directory/account_rules.h"
#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {
namespace {

Result<void, std::string> normalize(AccountRules& rules) {
  for (const auto& [rows, direction] : {std::pair{&rules.from, Direction::In}, std::pair{&rules.to, Direction::Out}}) {
    if (rows->size() > most_rule_rows) return failure(std::string("An account has at most 2,000 rows of each kind; name whole domains or networks."));
    for (auto& row : *rows) {
      TRY(who, normal_rule_pattern(direction, row.who));
      row.who = std::move(who);
    }
  }
  for (auto* hours : {&rules.hours_in, &rules.hours_out}) {
    if (hours->empty()) continue;
    TRY(normal, normal_hours(*hours));
    *hours = std::move(normal);
  }
  return {};
}

}  // namespace

DirectoryResult<> Editor::set_account_rules(std::string_view address, AccountRules rules, Run run) {
  if (auto good = normalize(rules); !good) return refuse(DirectoryFailure::BadValue, std::move(good).error());
  const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    rules.account = AccountId{};
    if (address != "*") {
      const auto parsed = parse_address(address);
      const auto* account = parsed ? snapshot.account(*parsed) : nullptr;
      if (!account) return refuse(DirectoryFailure::NotFound, "There is no account " + std::string(address) + "; see: hikyaku account list");
      rules.account = account->id;
    }
    if (rules.says_nothing()) return Changes{storage::Erase{rows::account_rules_key(rules.account)}};
    return Changes{storage::Put{rows::account_rules_key(rules.account), rows::encode(rules)}};
  };
  return edit(decide, run);
}

}  // namespace hikyaku::directory
