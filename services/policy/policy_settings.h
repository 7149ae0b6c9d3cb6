// What the settings ([policy], [rules]) make of the rules: the same for reception and for the commands that ask what it would do.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "services/policy/attempt.h"
#include "services/policy/greylist.h"
#include "services/policy/rate.h"
#include "services/policy/recipient_memory.h"
#include "services/policy/session_journal.h"
#include "services/settings/settings.h"

namespace hikyaku::policy {

struct PolicySettings {
  Config rules;                     // without the access rows
  GreylistTerms greylist;
  RecipientTerms recipients;
  SessionJournalTerms sessions;
  std::vector<Rate> rates;
  std::vector<std::string> exempt;  // networks
  bool checks_mail = false;         // Authentication-Results
  bool reports_dmarc = false;
  std::vector<DnsList> uri_lists;
  std::vector<std::string> uri_exempt;  // canonical names, addresses
  bool checks_uris = false, tags_uris = false;
  Duration patience{};              // with DNS
};
// `settings` passed their check.
[[nodiscard]] PolicySettings policy_settings(const settings::Settings& settings);

}  // namespace hikyaku::policy
