// What delivery knows of a message while it works on it, and what one attempt did to a recipient. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mail/envelope.h"
#include "services/delivery/retry_policy.h"
#include "services/delivery/schedule/reply_reading.h"
#include "services/delivery/why/cause_clock.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

struct Message {
  spool::MessageRef ref;
  Envelope envelope;
  std::unordered_map<std::uint32_t, spool::Schedule> history;  // of recipients that failed before, by index
  std::vector<std::uint32_t> verified = {};  // recipients whose copy an earlier life made, to be confirmed (spool::Delivery::Verify); ascending
  spool::Stamps stamps = {};                 // of the history, as the spool had it
  std::string damage = {};                   // its envelope is lost, and this one stands in for it
  std::vector<std::uint32_t> sent_elsewhere = {};  // by an operator while an attempt was about them: their history says where to

  [[nodiscard]] const Recipient& recipient(std::uint32_t index) const { return envelope.recipients[index]; }
  // Made here: a bounce, an expanded alias. Only such a notification can become a dead letter.
  [[nodiscard]] bool generated_here() const { return envelope.client_address.empty() && envelope.account.empty(); }
};
using MessagePointer = std::shared_ptr<const Message>;

enum class AttemptResult : std::uint8_t {
  Stored,   // in a mailbox here; not flushed yet if the message is in incoming, flushed if it is in holding
  Sent,     // the next hop took it and reports by itself (it offers DSN)
  Relayed,  // the next hop took it and cannot report
  Failed,
};

// Pointless: no rule of retries changes what is wrong (a text that is damaged on disk).
enum class Again : std::uint8_t { ByTheRules, Pointless };

struct Attempt {
  std::uint32_t recipient = 0;  // index in the envelope
  AttemptResult result = AttemptResult::Failed;
  FailureClass failure = FailureClass::Transient;  // Failed only
  std::string status;       // "4.4.1" (RFC 3463)
  std::string diagnostic;   // the peer's reply line; empty: none
  std::string explanation;  // our sentence when there was no reply
  std::string remote_mta;   // who replied
  std::string account;      // Stored: whose mailbox, as text
  Again again = Again::ByTheRules;  // Failed only
  std::optional<Duration> wait_hint;  // Failed only: "try again in 5 minutes", said the peer
  Pace pace = Pace::AsBefore;         // Failed only: whether the peer finds us too fast
  std::string tls;                    // of the session: RemoteSession::tls_text(); empty: in the clear, or there was none
  bool told_before = false;           // Stored: an earlier life made this copy, and told who wanted to know
  bool keeps_time = false;            // Sent and Relayed: the next hop was told by when (RFC 2852)
  CauseClock spent{};                 // since it came to its lane; not begun: it was not tried
};

[[nodiscard]] inline std::vector<Attempt> same_for_all(const std::vector<std::uint32_t>& recipients, const Attempt& attempt) {
  std::vector<Attempt> attempts(recipients.size(), attempt);
  for (std::size_t n = 0; n < recipients.size(); ++n) attempts[n].recipient = recipients[n];
  return attempts;
}

// What becomes of a recipient whose message cannot be read any more: the sender is told.
[[nodiscard]] inline Attempt damaged_message(std::uint32_t recipient, const std::string& why) {
  return {recipient, AttemptResult::Failed, FailureClass::Refused, "5.3.0", "", "The message was damaged on disk: " + why, "", "",
          Again::Pointless};
}

}  // namespace hikyaku::delivery
