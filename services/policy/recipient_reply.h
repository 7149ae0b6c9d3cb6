// What RCPT is answered by what `auth` knows of a recipient (directory::RecipientAnswer), before any rule about strangers is
// asked, and after them where a hold refuses it. The same in reception and in `hikyaku policy test`. Pure, no waiting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/smtp/reply.h"
#include "services/directory/auth_client.h"
#include "services/settings/settings.h"

namespace hikyaku::policy {

inline const smtp::Reply no_such_user{550, {5, 1, 1}, "No such user here"};
// While what is needed cannot be had.
inline const smtp::Reply cannot_look_up{451, {4, 3, 0}, "Cannot look that up just now, try again later"};
[[nodiscard]] smtp::Reply mailbox_full(const settings::SmtpSection& smtp);

struct RcptTerms {
  const settings::SmtpSection& smtp;
  bool always_taken = false;           // postmaster, abuse (is_always_taken())
  std::optional<bool> may_relay = {};  // who sends, to anywhere; nothing: that could not be asked
  std::uint64_t octets = 0;            // as MAIL said; 0: it did not
  std::size_t recipients_before = 0;   // of the transaction
  bool name_rules = false;             // replies end with the rule's id
};
// Ids of what refuses beside the rules about strangers (rule.h), for the log and the reply.
namespace refused_by {
inline constexpr std::string_view recipient = "recipient";  // nobody has the address, or he takes no mail
inline constexpr std::string_view relay = "relay";          // the domain is not ours, and the sender may not relay
inline constexpr std::string_view quota = "quota", list = "list", account_rules = "account_rules", hold = "hold";
}  // namespace refused_by

struct RecipientReply {
  std::optional<smtp::Reply> refusal = {};  // nothing: taken, as far as this goes
  std::string rule = {}, evidence = {};     // without a rule it is our own trouble; evidence: the row of an account's rules
};
[[nodiscard]] RecipientReply answer_of(const directory::RecipientAnswer& found, const RcptTerms& terms);
// RFC 3463 X.3.2: not accepting for now, for maintenance. Only to whom we would take mail from otherwise.
[[nodiscard]] RecipientReply held_back(const directory::RecipientAnswer& found, const RcptTerms& terms);
// The inner server has no such user.
[[nodiscard]] RecipientReply unknown_to_inner(const RcptTerms& terms);

}  // namespace hikyaku::policy
