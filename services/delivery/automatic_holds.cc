// Automatic holds: a proposed hold that nobody had to ask for, where the settings want it. Its host is asked now and then
// whether it is back, by opening a session and saying goodbye; the first that succeeds releases it.
#include <algorithm>

#include "base/cursor.h"
#include "services/delivery/delivery.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::delivery {
namespace {

using directory::Hold;
using directory::HoldScope;
using directory::HoldStage;

constexpr Duration shortest_between_probes = 10s, longest_between_probes = std::chrono::minutes{5};
constexpr int probes_in_the_silence = 10;  // that led to the hold

bool is_ours(const Hold& hold, WallTime now) { return hold.owner == automatic_hold_owner && hold.scope == HoldScope::Route && hold.runs(now); }

// The row of the table whose mail waits under this key.
std::optional<NextHop> hop_with_key(const directory::Snapshot& directory, const std::string& key) {
  for (const auto& route : directory.contents().routes) {
    auto hop = hop_of(std::make_shared<const directory::Route>(route));
    if (hop.key() == key) return hop;
  }
  return std::nullopt;
}

}  // namespace

Hold automatic_hold(const HoldProposal& proposal, WallTime now) {
  Hold hold;
  hold.scope = HoldScope::Route;
  hold.pattern = proposed_host(proposal);
  hold.reason = "No answer since " + telemetry::stamp_text(proposal.silent_since).substr(0, 16) + ": " + proposal.words;
  hold.reason.resize(std::min(hold.reason.size(), directory::longest_hold_text));
  for (auto& c : hold.reason)
    if (is_ctl(c)) c = ' ';
  hold.owner = automatic_hold_owner;
  hold.start = now;
  return hold;
}

Task<void> Delivery::hold_proposed(std::vector<HoldProposal> proposals) {
  const auto directory = parts_.directory.newest();
  if (!settings_.automatic_hold || !parts_.add_hold || !directory) co_return;
  const auto now = parts_.clock.wall();
  for (const auto& proposal : proposals) {
    const auto& holds = directory->contents().holds;
    if (std::ranges::any_of(holds, [&](const Hold& hold) { return hold.runs(now) && directory::selects_all_of(hold, proposal.destination); })) continue;
    const auto hold = automatic_hold(proposal, now);
    auto work = parts_.workers.run(parts_.loop, [&] { return parts_.add_hold(hold); });
    const auto trouble = co_await std::move(work);
    if (trouble && trouble->empty()) parts_.log.write(telemetry::events::hold_made, {.destination = proposal.destination, .count = proposal.waiting, .reason = hold.reason});
    else if (trouble) parts_.log.write(telemetry::events::storage_trouble, {.destination = proposal.destination, .reason = *trouble});
  }
}

void Delivery::look_after_automatic_holds() {
  const auto directory = parts_.directory.newest();
  const auto wait = std::clamp<Duration>(settings_.propose_hold_after / probes_in_the_silence, shortest_between_probes, longest_between_probes);
  if (probing_ || !parts_.release_hold || !directory || parts_.loop.now() - probed_ < wait) return;
  const auto now = parts_.clock.wall();
  std::vector<std::pair<std::uint64_t, NextHop>> probes;
  for (const auto& hold : directory->contents().holds) {
    if (!is_ours(hold, now)) continue;
    for (const auto& key : held_destinations_.held_by(hold.id))
      if (auto hop = hop_with_key(*directory, key)) probes.emplace_back(hold.id, *std::move(hop));
  }
  probed_ = parts_.loop.now();
  if (probes.empty()) return;
  probing_ = true;
  parts_.loop.spawn(probe_held(std::move(probes)));
}

Task<void> Delivery::probe_held(std::vector<std::pair<std::uint64_t, NextHop>> probes) {
  for (auto& [id, hop] : probes) {
    CauseWatch watch(parts_.clock, CauseClock());
    auto opening = open_hosts(hop.key(), hop, TlsWish::None, watch);
    auto opened = co_await std::move(opening);
    if (parts_.loop.stopping()) break;
    if (!opened) continue;
    auto leaving = (*opened)->quit();
    co_await std::move(leaving);
    auto work = parts_.workers.run(parts_.loop, [&] { return parts_.release_hold(id); });
    const auto trouble = co_await std::move(work);
    if (trouble && !trouble->empty()) parts_.log.write(telemetry::events::storage_trouble, {.destination = hop.key(), .reason = *trouble});
    else if (trouble) parts_.log.write(telemetry::events::hold_released, {.destination = hop.key()});
  }
  probing_ = false;
}

}  // namespace hikyaku::delivery
