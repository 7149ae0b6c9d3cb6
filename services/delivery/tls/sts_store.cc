#include "services/delivery/tls/sts_store.h"

#include <algorithm>
#include <optional>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::delivery {
namespace {

constexpr std::string_view heading = "MTA-STS policy, kept by Hikyaku (format 1)\n";
constexpr std::size_t most_file_name = 200;  // what follows, and what replace_file() adds to it
constexpr std::string_view suffix = ".policy";

std::int64_t seconds_of(WallTime time) { return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count(); }

}  // namespace

std::string KnownPolicy::encode() const {
  return std::string(heading) + "id: " + id + "\nfetched: " + std::to_string(seconds_of(fetched)) + "\n\n" + text;
}

std::optional<KnownPolicy> KnownPolicy::decode(std::string_view domain, std::string_view file) {
  Cursor in(file);
  KnownPolicy known;
  known.domain = domain;
  if (!in.take(heading) || !in.take("id: ")) return std::nullopt;
  known.id = in.take_while([](char c) { return c != '\n'; });
  if (!in.take("\nfetched: ")) return std::nullopt;
  const auto fetched = parse_number(in, 1ULL << 40);
  if (!fetched || !in.take("\n\n")) return std::nullopt;
  known.fetched = WallTime{std::chrono::seconds(static_cast<std::int64_t>(*fetched))};
  known.text = in.rest();
  auto policy = tls_policy::parse_sts_policy(known.text);
  if (!policy) return std::nullopt;
  known.policy = std::move(*policy);
  return known;
}

KnownPolicyPointer StsStore::find(const std::string& domain, WallTime now) const {
  const auto found = known_.find(domain);
  // A clock that was set back must not make a policy last for ever, nor end it.
  return found == known_.end() || found->second->expires() <= now ? nullptr : found->second;
}

std::vector<std::string> StsStore::expire(WallTime now) {
  std::vector<std::string> gone;
  std::erase_if(known_, [&](const auto& one) {
    if (one.second->expires() > now) return false;
    gone.push_back(one.first);
    return true;
  });
  return gone;
}

std::vector<std::string> StsStore::add(KnownPolicyPointer policy, WallTime now) {
  std::vector<std::string> gone;
  if (known_.size() >= most_policies && !known_.contains(policy->domain)) {
    gone = expire(now);
    if (gone.empty()) {
      const auto first = std::ranges::min_element(known_, {}, [](const auto& one) { return one.second->expires(); });
      gone.push_back(first->first);
      known_.erase(first);
    }
  }
  auto domain = policy->domain;
  known_.insert_or_assign(std::move(domain), std::move(policy));
  return gone;
}

std::vector<KnownPolicyPointer> StsStore::fetched_before(WallTime before) const {
  std::vector<KnownPolicyPointer> old;
  for (const auto& [domain, known] : known_)
    if (known->fetched < before) old.push_back(known);
  return old;
}

void StsStore::load(io::Disk& disk, const std::string& folder, WallTime now) {
  const auto names = disk.list(folder);
  if (!names) return;
  for (const auto& name : *names) {
    if (!name.ends_with(suffix)) continue;  // a temporary file, or somebody else's
    const auto domain = std::string_view(name).substr(0, name.size() - suffix.size());
    if (dns::canonical_name(domain) != domain) continue;
    const auto text = io::read_file(disk, folder + "/" + name, most_file_octets);
    auto known = text ? KnownPolicy::decode(domain, *text) : std::nullopt;
    if (!known) continue;
    // From the future: the clock was wrong then or is now; it counts from now on.
    known->fetched = std::min(known->fetched, now);
    if (known->expires() > now) (void)add(std::make_shared<const KnownPolicy>(std::move(*known)), now);
  }
}

std::optional<std::string> policy_file(const std::string& folder, std::string_view domain) {
  if (domain.empty() || domain.size() > most_file_name || !dns::is_host_name(domain)) return std::nullopt;
  return folder + "/" + std::string(domain) + std::string(suffix);
}

}  // namespace hikyaku::delivery
