#include "services/abuse/login_penalties.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/checksum.h"
#include "services/abuse/prefix.h"

namespace hikyaku::abuse {
namespace {

constexpr std::size_t longest_name = 320;
constexpr Duration worth_telling = 10s;
constexpr int most_doublings = 24;
constexpr Duration forget_after = 48h;

std::uint64_t hash_of(std::string_view text) { return checksum(text) | 1; }

// False: it was there.
bool remember(std::array<std::uint64_t, 8>& all, std::uint64_t one) {
  if (std::ranges::find(all, one) != all.end()) return false;
  std::ranges::rotate(all, all.end() - 1);
  all.front() = one;
  return true;
}

}  // namespace

struct LoginPenalties::Level {
  Row::Of of;
  double needs;
  unsigned least_parts;
  unsigned many;
  Duration most;
  std::uint64_t part = 0;  // of a network: which of its parts the client is in
};

bool LoginPenalties::is_exempt(const LoginTry& one) const {
  const auto address = io::IpAddress::parse(one.client);
  return address && std::ranges::any_of(terms_.exempt, [&](const auto& network) { return network.contains(*address); });
}

// At home only the pair of account and network is looked at: what others do, there or elsewhere, is not the owner's fault.
std::vector<std::pair<std::string, LoginPenalties::Level>> LoginPenalties::levels_of(const LoginTry& one) const {
  using Of = Row::Of;
  std::vector<std::pair<std::string, Level>> levels;
  const auto account = one.account.substr(0, longest_name);
  const auto address = io::IpAddress::parse(one.client);
  if (one.place == Place::Usual) {
    levels.push_back({account + ' ' + (address ? home_of(*address) : one.client.substr(0, longest_name)), {Of::AccountAtHome, free_failures, 0, 10, most_for_usual}});
    return levels;
  }
  if (!account.empty()) levels.push_back({account, {Of::Account, free_failures + 2, 0, 10, most_for_account}});
  if (!address) return levels;
  const auto self = address->to_string();
  levels.push_back({self, {Of::Address, free_failures, 0, 20, terms_.most}});
  if (address->family() == io::IpFamily::V4) {
    levels.push_back({prefix_of(*address, 24), {Of::Network, 4 * free_failures, 4, 50, terms_.most / 4, hash_of(self)}});
  } else {
    const auto subscriber = prefix_of(*address, 64);  // one customer has at least this much
    levels.push_back({subscriber, {Of::Network, free_failures, 2, 20, terms_.most, hash_of(self)}});
    levels.push_back({prefix_of(*address, 48), {Of::Network, 4 * free_failures, 4, 50, terms_.most / 4, hash_of(subscriber)}});
  }
  return levels;
}

void LoginPenalties::fade(Entry& entry, Instant now) {
  if (now <= entry.scored) return;
  entry.score *= std::exp2(-std::chrono::duration<double>(now - entry.scored).count() / std::chrono::duration<double>(half_life).count());
  entry.scored = now;
}

void LoginPenalties::end(Entry& entry, Instant now) {
  fade(entry, now);
  if (entry.under_way > 0) --entry.under_way;
}

Duration LoginPenalties::penalty(const Entry& entry) {
  const auto parts = static_cast<unsigned>(std::ranges::count_if(entry.parts, [](auto part) { return part != 0; }));
  // What is tried at once may all be wrong: a burst is no way around.
  const double over = entry.score + (entry.under_way > entry.many ? entry.under_way - entry.many : 0) - entry.needs;
  if (parts < entry.least_parts || over <= 0) return {};
  const int doublings = std::min(static_cast<int>(std::ceil(over)) - 1, most_doublings);
  return std::min<Duration>(first_penalty * (1LL << doublings), entry.most);
}

void LoginPenalties::forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  ages_.erase(found->second.age);
  entries_.erase(found);
}

LoginPenalties::Entry& LoginPenalties::entry_of(const std::string& key, const Level& level, Instant now) {
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    while (!ages_.empty() && (entries_.size() >= most_entries_ || now - entries_.at(ages_.front()).scored > forget_after)) {
      const std::string oldest = ages_.front();
      forget(oldest);
    }
    ages_.push_back(key);
    found = entries_.emplace(key, Entry{}).first;
    found->second.scored = found->second.last_failure = now;
    found->second.age = std::prev(ages_.end());
  } else {
    ages_.splice(ages_.end(), ages_, found->second.age);
  }
  auto& entry = found->second;
  entry.of = level.of, entry.needs = level.needs, entry.many = level.many, entry.least_parts = level.least_parts, entry.most = level.most;
  fade(entry, now);
  return entry;
}

LoginPenalties::Admission LoginPenalties::admit(const LoginTry& one, Instant now) {
  Admission admission;
  if (is_exempt(one)) return admission;
  const auto levels = levels_of(one);
  auto turn = now;
  for (const auto& [key, level] : levels) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.free_at <= turn) continue;
    turn = found->second.free_at;
    admission.by = key;
  }
  admission.wait = turn - now;
  admission.refused = admission.wait > longest_wait;
  if (admission.refused) return admission;
  for (const auto& [key, level] : levels) {
    auto& entry = entry_of(key, level, now);
    ++entry.under_way;
    entry.free_at = std::max(entry.free_at, turn + penalty(entry));
  }
  return admission;
}

std::vector<LoginPenalties::Raised> LoginPenalties::failed(const LoginTry& one, std::uint64_t guess, Instant now) {
  std::vector<Raised> raised;
  if (is_exempt(one)) return raised;
  for (const auto& [key, level] : levels_of(one)) {
    auto& entry = entry_of(key, level, now);
    end(entry, now);
    ++entry.failures;
    entry.last_failure = now;
    if (level.part != 0) (void)remember(entry.parts, level.part);
    const bool repeated = guess != 0 && !remember(entry.guesses, guess | 1);
    entry.score += repeated ? repeat_weight : 1;
    const auto cost = penalty(entry);
    entry.free_at = cost == Duration{} ? std::min(entry.free_at, now) : std::max(entry.free_at, now + cost);
    if (cost < worth_telling || cost < 2 * entry.told) continue;
    entry.told = cost;
    raised.push_back({key, cost, entry.failures});
  }
  return raised;
}

void LoginPenalties::undone(const LoginTry& one, Instant now) {
  if (is_exempt(one)) return;
  for (const auto& [key, level] : levels_of(one)) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) continue;
    end(found->second, now);
    if (found->second.failures == 0 && found->second.under_way == 0) forget(key);
  }
}

void LoginPenalties::succeeded(const LoginTry& one, Instant now) {
  undone(one, now);
  if (is_exempt(one)) return;
  for (const auto& [key, level] : levels_of(one))
    if (level.of == Row::Of::Account || level.of == Row::Of::AccountAtHome) forget(key);
}

std::vector<LoginPenalties::Row> LoginPenalties::list(Instant now, std::size_t most) const {
  std::vector<Row> rows;
  for (const auto& [key, kept] : entries_) {
    auto entry = kept;
    fade(entry, now);
    const auto cost = penalty(entry);
    const auto left = std::max(entry.free_at - now, Duration{});
    if (cost == Duration{} && left == Duration{}) continue;
    rows.push_back({entry.of, key, entry.failures, left, cost, now - entry.last_failure});
  }
  std::ranges::sort(rows, [](const Row& a, const Row& b) { return std::tie(b.left, b.penalty, a.who) < std::tie(a.left, a.penalty, b.who); });
  if (rows.size() > most) rows.resize(most);
  return rows;
}

std::size_t LoginPenalties::lift(std::string_view who) {
  const auto network = io::IpNetwork::parse(who);
  std::vector<std::string> gone;
  for (const auto& [key, entry] : entries_) {
    if (key == who || (entry.of == Row::Of::AccountAtHome && key.starts_with(who) && key.substr(who.size()).starts_with(' '))) {
      gone.push_back(key);
      continue;
    }
    if (!network || (entry.of != Row::Of::Address && entry.of != Row::Of::Network)) continue;
    const auto other = io::IpNetwork::parse(key);
    const auto base = [](std::string_view text) { return io::IpAddress::parse(text.substr(0, text.find('/'))); };
    if (other && (network->contains(*base(key)) || other->contains(*base(who)))) gone.push_back(key);
  }
  for (const auto& key : gone) forget(key);
  return gone.size();
}

std::size_t LoginPenalties::lift_all() {
  const auto all = entries_.size();
  entries_.clear();
  ages_.clear();
  return all;
}

}  // namespace hikyaku::abuse
