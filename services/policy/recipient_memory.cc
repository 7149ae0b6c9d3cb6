#include "services/policy/recipient_memory.h"

#include <algorithm>

namespace hikyaku::policy {
namespace {

std::string_view domain_of(std::string_view user) { return user.substr(user.rfind('@') + 1); }

}  // namespace

const RecipientMemory::Server* RecipientMemory::server_of(std::string_view user, WallTime now) const {
  const auto found = servers_.find(std::string(domain_of(user)));
  return found == servers_.end() || now - found->second.tried >= terms_.everybody_for ? nullptr : &found->second;
}

RecipientVerdict RecipientMemory::judge(const std::string& user, Reach reach, UnknownWhileAway otherwise, WallTime now) const {
  if (const auto* server = server_of(user, now); server != nullptr && server->takes_everybody) return RecipientVerdict::Accept;
  const auto known = users_.find(user);
  const bool is_known = known != users_.end() && now - known->second.at < kept(known->second);
  const bool taken = is_known && known->second.said != RecipientSaid::Unknown;
  if (taken && (known->second.said == RecipientSaid::NotTold || now - known->second.at < terms_.taken_for)) return RecipientVerdict::Accept;
  const auto absent = away_until_.find(std::string(domain_of(user)));
  const bool away = reach == Reach::Held || (absent != away_until_.end() && now < absent->second);
  if (away && taken) return RecipientVerdict::Accept;
  if (away) return otherwise == UnknownWhileAway::Accept ? RecipientVerdict::Accept : RecipientVerdict::Defer;
  return is_known && !taken ? RecipientVerdict::Refuse : RecipientVerdict::Ask;
}

bool RecipientMemory::wants_try(const std::string& user, WallTime now) const { return server_of(user, now) == nullptr; }

void RecipientMemory::said(const std::string& user, RecipientSaid what, WallTime now) {
  away_until_.erase(std::string(domain_of(user)));
  put(user, User{what, now});
}

void RecipientMemory::tried(const std::string& domain, bool takes_everybody, WallTime now) { put(domain, Server{takes_everybody, now}); }

void RecipientMemory::away(const std::string& domain, WallTime now) {
  if (away_until_.size() >= most_servers) std::erase_if(away_until_, [now](const auto& one) { return now >= one.second; });
  if (away_until_.size() < most_servers) away_until_[domain] = now + terms_.away_for;
}

void RecipientMemory::put(std::string user, User what) {
  const auto [at, is_new] = users_.try_emplace(std::move(user), what);
  if (!is_new) by_age(at->second).erase({at->second.at, &at->first});
  at->second = what;
  by_age(what).emplace(what.at, &at->first);
  while (users_.size() > terms_.most) erase(users_.find(*oldest_to_go().begin()->second));
}

void RecipientMemory::put(std::string domain, Server what) {
  servers_[std::move(domain)] = what;
  while (servers_.size() > most_servers) servers_.erase(std::ranges::min_element(servers_, {}, [](const auto& one) { return one.second.tried; }));
}

// Of those that no server took there may be a tenth before they push out each other alone.
const RecipientMemory::ByAge& RecipientMemory::oldest_to_go() const {
  const auto part = std::max<std::size_t>(1, terms_.most / 10);
  return taken_by_age_.empty() || others_by_age_.size() > part ? others_by_age_ : taken_by_age_;
}

void RecipientMemory::erase(std::map<std::string, User>::iterator at) {
  by_age(at->second).erase({at->second.at, &at->first});
  users_.erase(at);
}

void RecipientMemory::tend(WallTime now, std::size_t most) {
  tend(others_by_age_, now, most);
  tend(taken_by_age_, now, most);
}

// In the order of age: only the oldest are looked at.
void RecipientMemory::tend(ByAge& ages, WallTime now, std::size_t most) {
  for (auto at = ages.begin(); at != ages.end() && most > 0; --most) {
    const auto user = users_.find(*at->second);
    if (now - at->first < terms_.unknown_for) break;
    ++at;
    if (now - user->second.at >= kept(user->second)) erase(user);
  }
}

}  // namespace hikyaku::policy
