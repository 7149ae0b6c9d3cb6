#include "services/delivery/hold_proposals.h"

#include "base/wire.h"

namespace hikyaku::delivery {
namespace {
constexpr std::uint8_t format = 1;
constexpr std::size_t most_words = 300;
}  // namespace

std::vector<HoldProposal> propose_holds(Scheduler& scheduler, Duration after, WallTime now) {
  std::vector<HoldProposal> proposals;
  if (after <= Duration{}) return proposals;
  for (const auto& key : scheduler.silent_hosts()) {
    if (scheduler.health(key) != Health::Down) continue;
    const auto view = scheduler.view(key, now);
    if (!view || now - view->since < after) continue;
    HoldProposal proposal{key, view->since, view->fresh + view->retry + view->deferred, {}};
    if (view->evidence) proposal.words = view->evidence->words.substr(0, most_words);
    proposals.push_back(std::move(proposal));
    if (proposals.size() == most_proposals) break;
  }
  return proposals;
}

std::string proposed_host(const HoldProposal& proposal) {
  auto host = proposal.destination.substr(std::min(proposal.destination.size(), std::size_t{5}));
  host = host.substr(0, host.find_first_of(" ;"));
  return host.substr(0, host.rfind(':'));
}

std::string encode(const std::vector<HoldProposal>& proposals) {
  WireWriter out;
  out.u8(format).varint(proposals.size());
  for (const auto& one : proposals)
    out.text(one.destination).u64(static_cast<std::uint64_t>(one.silent_since.time_since_epoch().count())).u64(one.waiting).text(one.words);
  return std::move(out).bytes();
}

std::vector<HoldProposal> decode_proposals(std::string_view octets) {
  WireReader in(octets);
  std::vector<HoldProposal> proposals;
  if (in.u8() != format) return proposals;
  for (auto count = in.varint(); count > 0 && !in.broken() && proposals.size() < most_proposals; --count) {
    HoldProposal one;
    one.destination = in.text();
    one.silent_since = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}};
    one.waiting = in.u64();
    one.words = in.text();
    proposals.push_back(std::move(one));
  }
  return in.complete() ? proposals : std::vector<HoldProposal>{};
}

}  // namespace hikyaku::delivery
