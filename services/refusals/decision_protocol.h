// What whoever shows the page of a link and `deliver`, who holds the key, say to each other about it, as wire messages for io/channel.h. Pure; a broken
// message is nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/refusals/link.h"
#include "services/refusals/told.h"

namespace hikyaku::refusals {

struct DecisionRequest {
  std::string link;
  std::optional<Decision> decision;  // nothing: only look
};

struct DecisionReply {
  enum class State : std::uint8_t {
    Open,     // about `subject`: nothing was decided
    Decided,  // by this link, now or before: `decision`
    Expired,
    Forged,
    Trouble,  // ours: try again later
  } state = State::Forged;
  LinkSubject subject{};
  std::optional<Decision> decision{};
};

[[nodiscard]] std::string encode(const DecisionRequest& request);
[[nodiscard]] std::optional<DecisionRequest> decode_decision_request(std::string_view octets);
[[nodiscard]] std::string encode(const DecisionReply& reply);
[[nodiscard]] std::optional<DecisionReply> decode_decision_reply(std::string_view octets);

}  // namespace hikyaku::refusals
