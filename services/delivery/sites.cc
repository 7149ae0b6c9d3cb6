// Which destination a domain's mail is for: its MX hosts, asked before the mail is put into a lane.
#include <algorithm>

#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

// Beyond these a domain is a destination of its own until there is room: no flood of strange names keeps known ones waiting.
constexpr std::size_t most_fresh_lookups = 300, most_lookups = 400;

}  // namespace

std::optional<std::string> Delivery::known_destination(const NextHop& hop) const {
  if (hop.via != Via::Mx) return hop.key();
  const auto* known = sites_.find(hop.name, parts_.clock.wall());
  return known == nullptr ? std::nullopt : std::optional(*known + hop.key_of_terms());
}

// What DNS does not say is not learned: a failure now must not move what comes next to a destination of its own.
Task<std::string> Delivery::destination_now_of(NextHop hop) {
  if (auto known = known_destination(hop)) co_return *std::move(known);
  auto asking = parts_.lookup.mail_hosts(hop.name);
  auto hosts = co_await std::move(asking);
  if (hosts.empty()) co_return std::string{};
  auto key = site_key(std::move(hosts), hop.name);
  sites_.learn(hop.name, key, parts_.clock.wall() + MxSites::remembered);
  co_return key;
}

void Delivery::enqueue_when_known(Lane lane, RemoteJob job) {
  const auto waiting = unknown_sites_.find(job.hop.name);
  if (waiting != unknown_sites_.end()) {
    waiting->second.push_back({lane, std::move(job), parts_.clock.wall()});
    return;
  }
  if (unknown_sites_.size() >= (lane == Lane::Fresh ? most_fresh_lookups : most_lookups)) {
    const auto key = job.hop.key();
    admit(lane, key, std::move(job));
    return;
  }
  std::string domain = job.hop.name;
  unknown_sites_[domain].push_back({lane, std::move(job), parts_.clock.wall()});
  parts_.loop.spawn(find_site(std::move(domain)));
}

Task<void> Delivery::find_site(std::string domain) {
  auto asking = parts_.lookup.mail_hosts(domain);
  auto hosts = co_await std::move(asking);
  // Where DNS does not say, the first attempt will find out why.
  const auto remembered = hosts.empty() ? std::chrono::microseconds(MxSites::remembered_failure) : std::chrono::microseconds(MxSites::remembered);
  const auto key = site_key(std::move(hosts), domain);
  sites_.learn(domain, key, parts_.clock.wall() + remembered);
  auto jobs = unknown_sites_.extract(domain);
  if (jobs.empty()) co_return;
  for (auto& [lane, job, since] : jobs.mapped()) {
    job.looked_up = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.wall() - since);
    const auto destination = key + job.hop.key_of_terms();
    admit(lane, destination, std::move(job));
  }
  pump();
}

Task<void> Delivery::find_sites(MessagePointer message, std::vector<std::uint32_t> recipients, std::string otherwise) {
  otherwise.resize(std::min(otherwise.size(), otherwise.find(';')));  // how the hosts are spoken to is the route table's
  for (const auto index : recipients) {
    if (index >= message->envelope.recipients.size()) continue;
    const std::string domain = message->recipient(index).address.domain;
    if (sites_.find(domain, parts_.clock.wall()) != nullptr) continue;
    auto asking = parts_.lookup.mail_hosts(domain);
    auto hosts = co_await std::move(asking);
    const auto now = parts_.clock.wall();
    // DNS that fails now must not move a backlog from the hosts it was for to a destination of its own.
    if (hosts.empty()) sites_.learn(domain, otherwise.starts_with("mx:") ? otherwise : "mx:" + domain, now + MxSites::remembered_failure);
    else sites_.learn(domain, site_key(std::move(hosts), domain), now + MxSites::remembered);
  }
}

}  // namespace hikyaku::delivery
