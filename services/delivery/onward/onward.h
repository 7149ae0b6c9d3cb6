// Onward: the new mails that one recipient becomes, with their texts: an alias's, a forward's, a list's. Who sent the mail
// stays its reverse-path, but for two: a list's copies have the list's bounce address, and what goes elsewhere for a sender
// elsewhere has that sender rewritten (SRS), so that our address stands where the next hop asks who may send. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "services/delivery/recipient_plan.h"
#include "services/spool/message.h"

namespace hikyaku::delivery {

using OnwardPlan = std::variant<ToTargets, ToForwards, ToList>;

struct OnwardContext {
  const directory::Snapshot& directory;
  const RoutingSettings& routing;
  std::uint16_t generated_journal = 0;
  WallTime now;
};

struct OnwardMails {
  std::vector<spool::GeneratedMail> mails;
  std::optional<CannotDeliver> refused;  // then there are none
  bool is_delivered = false;             // a list took it: that is a delivery (RFC 3461 §5.2.7.1), and no expansion
};

// How many copies, at most: what they will cost is known before.
[[nodiscard]] std::size_t copies_of(const directory::Snapshot& directory, const OnwardPlan& plan);
// Thousands of members are some 10 ms: make it on a worker. `text` is the whole message.
[[nodiscard]] OnwardMails make_onward(const OnwardContext& context, const Envelope& of, std::uint32_t recipient, OnwardPlan plan, std::string_view text);

}  // namespace hikyaku::delivery
