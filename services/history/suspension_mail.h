// The mail that tells administrators of accounts that `auth` suspended: which, since when, why, and what to do. Pure; its id follows from what it is about,
// so that one that is made twice is recognised.
#pragma once

#include <vector>

#include "services/history/suspended.h"
#include "services/spool/message.h"

namespace hikyaku::history {

struct MailOrigin {
  std::string hostname;
  std::uint16_t node = 1;
  WallTime now{};
  NoticeLanguage language = NoticeLanguage::English;
};

// `accounts`: at least one. `to` without a domain: the postmaster here.
[[nodiscard]] spool::GeneratedMail suspension_mail(const std::vector<SuspendedAccount>& accounts, const Address& to, const MailOrigin& origin);

}  // namespace hikyaku::history
