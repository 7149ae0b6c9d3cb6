#include "services/policy/attempt.h"

#include "base/cursor.h"

namespace hikyaku::policy {

SenderIs whose(directory::RecipientKind kind_of_sender) {
  using Kind = directory::RecipientKind;
  switch (kind_of_sender) {
    case Kind::Local:
    case Kind::UnknownUser:
    case Kind::Disabled:
    case Kind::OverQuota:
    case Kind::MayNotPost: return SenderIs::Ours;
    case Kind::Relay:
    case Kind::NotOurs:
    case Kind::UnknownDomain: break;
  }
  return SenderIs::Foreign;
}

bool is_always_taken(const Address& recipient) { return equal_ignoring_case(recipient.local_part, "postmaster"); }

}  // namespace hikyaku::policy
