// What a peer's refusal means for the schedule: its class, how long it asks us to wait, and whether it says that we
// come too fast. Codes first, words where codes leave it open; English and Japanese. Pure, linear, for any octets.
#pragma once

#include <optional>

#include "base/clock.h"
#include "protocol/smtp/client_conversation.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {

enum class Pace : std::uint8_t { AsBefore, TooFast };  // "too many connections", "rate limited"

struct ReplyReading {
  FailureClass failure = FailureClass::Transient;
  std::optional<Duration> wait;  // "try again in 5 minutes": 1 s to 24 h
  Pace pace = Pace::AsBefore;
};

// `reply` is a 4xx or 5xx (anything else counts as transient); `stage` is what it answers.
[[nodiscard]] ReplyReading read_reply(const smtp::Reply& reply, smtp::Stage stage);

// The wait a text asks for. Only the first 2 KiB are looked at.
[[nodiscard]] std::optional<Duration> wait_hint(std::string_view text);

}  // namespace hikyaku::delivery
