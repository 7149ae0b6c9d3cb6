// Survey: everything that waits, message by message, as numbers: for history and sums. Nothing is read from disk; names are
// keys (envelope_keys.h), to be looked up on an envelope by who needs a few of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "services/spool/envelope_keys.h"
#include "services/spool/message.h"

namespace hikyaku::spool {

struct SurveyedRecipient {
  std::string_view destination;     // key of the lane; good during the call
  std::uint32_t destination_number = 0;  // one destination's, while anybody waits for it
  std::uint8_t failure_class = 0;   // without told_bits
  WallTime first_failed{};
};
struct SurveyedMessage {
  MessageRef ref;
  enum class Place : std::uint8_t {
    Incoming,  // waits for its first attempt, mail of ours too
    Holding,
  } place = Place::Incoming;
  TextKey sender = 0, account = 0;     // 0: not known; no account
  TextKey domain = 0;                  // Incoming: of the first recipient that is open
  std::optional<WallTime> accepted_at;  // not known of what version 0.1 deferred
  std::uint64_t octets = 0;            // of the text
  std::span<const SurveyedRecipient> deferred;  // Holding; good during the call
};
using SurveyVisitor = std::function<void(const SurveyedMessage&)>;

}  // namespace hikyaku::spool
