#include "services/directory/login_limits.h"

#include <algorithm>

#include "io/socket_address.h"

namespace hikyaku::directory {

namespace {

std::string address_key(std::string_view text) {
  const auto address = io::IpAddress::parse(text);
  if (!address) return "a" + std::string(text.substr(0, 64));
  // One subscriber has a whole /64 of IPv6.
  return "a" + std::string(address->octets().substr(0, address->family() == io::IpFamily::V4 ? 4 : 8));
}

std::string account_key(std::string_view account) { return "n" + std::string(account.substr(0, 320)); }

}  // namespace

Duration LoginLimits::penalty(const Entry& entry, Duration most) {
  if (entry.failures < free_failures) return {};
  const int doublings = std::min(entry.failures - free_failures, 16);
  return std::min<Duration>(first_penalty * (1 << doublings), most);
}

LoginLimits::Entry* LoginLimits::find(const std::string& key, Instant now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  if (now - found->second.last_failure < forget_after) return &found->second;
  ages_.erase(found->second.age);
  entries_.erase(found);
  return nullptr;
}

LoginLimits::Admission LoginLimits::admit(std::string_view address, std::string_view account, Instant now) {
  Entry* const of_address = find(address_key(address), now);
  Entry* const of_account = find(account_key(account), now);
  Admission admission;
  const auto turn = [&](const Entry* entry, Duration most) {
    return entry ? std::max(entry->free_at, now) + penalty(*entry, most) : now;
  };
  const auto address_turn = turn(of_address, most_for_address), account_turn = turn(of_account, most_for_account);
  admission.wait = std::max(address_turn, account_turn) - now;
  admission.refused = admission.wait > longest_wait;
  if (admission.refused) return admission;
  if (of_address) of_address->free_at = address_turn;
  if (of_account) of_account->free_at = account_turn;
  return admission;
}

void LoginLimits::count(std::string key, Instant now) {
  if (auto* entry = find(key, now)) {
    ++entry->failures;
    entry->last_failure = now;
    ages_.splice(ages_.end(), ages_, entry->age);
    return;
  }
  while (entries_.size() >= most_entries_) {
    entries_.erase(ages_.front());
    ages_.pop_front();
  }
  ages_.push_back(key);
  entries_.emplace(std::move(key), Entry{1, now, now, std::prev(ages_.end())});
}

void LoginLimits::failed(std::string_view address, std::string_view account, Instant now) {
  count(address_key(address), now);
  count(account_key(account), now);
}

void LoginLimits::succeeded(std::string_view account) {
  const auto found = entries_.find(account_key(account));
  if (found == entries_.end()) return;
  ages_.erase(found->second.age);
  entries_.erase(found);
}

}  // namespace hikyaku::directory
