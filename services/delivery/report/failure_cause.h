// FailureCause: what an undelivered or delayed mail means for people, in Japanese and English: why it happened, who must
// act, and what to do. One table, by enhanced status code (RFC 3463 and the IANA registry of its codes); where a peer gave
// no code, by its reply code or by the class of the failure.
#pragma once

#include <optional>
#include <string_view>

#include "services/delivery/retry_policy.h"

namespace hikyaku::delivery {

struct BothLanguages {
  std::string_view en, ja;
};

enum class WhoActs : std::uint8_t { Sender, Recipient, TheirAdministrator, OurAdministrator };
[[nodiscard]] BothLanguages words(WhoActs who);

struct FailureCause {
  std::string_view code;  // "1.1": subject and detail of the status, or a name of ours for what has no code
  BothLanguages cause;
  WhoActs who = WhoActs::Sender;
  BothLanguages advice;
};

// The row for a failure; there is always one. `status` is "5.1.1" or "4.4.1"; `diagnostic` the peer's reply with its code
// in front, or empty. What we saw ourselves (no answer, no TLS) goes first, then the status; an unregistered one counts as
// its subject's "other"; 5.0.0 says nothing, so the reply code is asked, then the class. Linear in the table.
[[nodiscard]] const FailureCause& cause_of(std::string_view status, std::string_view diagnostic,
                                           std::optional<FailureClass> failure);

}  // namespace hikyaku::delivery
