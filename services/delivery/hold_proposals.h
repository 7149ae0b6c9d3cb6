// Proposed holds: next hops of the route table that have not answered for a while. An operator who does nothing loses
// nothing yet; one who looks finds the command that stops the clocks of their mail before anything expires.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/delivery/schedule/scheduler.h"
#include "services/directory/hold.h"

namespace hikyaku::delivery {

struct HoldProposal {
  std::string destination;   // "host:gw.example:25"
  WallTime silent_since{};
  std::uint64_t waiting = 0;  // recipients
  std::string words;          // the last failure, in the peer's words or ours
  friend bool operator==(const HoldProposal&, const HoldProposal&) = default;
};

constexpr std::size_t most_proposals = 100;

// Destinations of the route table that are down for `after` at least; those that nobody answers for on the internet are
// not ours to hold. Ordered by name. Zero: none.
[[nodiscard]] std::vector<HoldProposal> propose_holds(Scheduler& scheduler, Duration after, WallTime now);
// The host a hold would name: "gw.example" of "host:gw.example:25".
[[nodiscard]] std::string proposed_host(const HoldProposal& proposal);

// Who is named as the owner of a hold that was made without anybody asking.
constexpr std::string_view automatic_hold_owner = "hikyaku (automatic)";
// The hold that keeps what was proposed: of the route, from now on, with the silence as its reason.
[[nodiscard]] directory::Hold automatic_hold(const HoldProposal& proposal, WallTime now);

// The file in which `deliver` keeps them for whoever lists holds. Anything it does not understand reads as none.
[[nodiscard]] std::string encode(const std::vector<HoldProposal>& proposals);
[[nodiscard]] std::vector<HoldProposal> decode_proposals(std::string_view octets);

}  // namespace hikyaku::delivery
