#include "services/abuse/habits.h"

#include <algorithm>
#include <numeric>

#include "services/abuse/prefix.h"

namespace hikyaku::abuse {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::uint64_t many_times = 10;  // the sudden: enough by itself

std::uint64_t hour_of(WallTime now) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::hours>(now).time_since_epoch().count())); }
std::uint64_t week_of(std::uint64_t hour) { return hour / (24 * 7); }

// Keeps what is still among the newest when the newest becomes number `now`.
template <class Array>
void shift(Array& values, std::uint64_t from, std::uint64_t now) {
  const auto by = std::min<std::uint64_t>(now - from, values.size());
  std::shift_right(values.begin(), values.end(), static_cast<std::ptrdiff_t>(by));
  std::fill_n(values.begin(), by, 0U);
}

std::uint64_t sum(const std::array<std::uint32_t, Habit::hours>& values) { return std::accumulate(values.begin(), values.end(), std::uint64_t{0}); }

std::uint64_t within_an_hour(const Habit& habit, WallTime now) {
  const auto into = std::chrono::duration<double>(now - std::chrono::floor<std::chrono::hours>(now)).count() / 3'600;
  return habit.sent[0] + static_cast<std::uint64_t>(habit.sent[1] * (1 - into));
}

std::string network_of(std::string_view client) {
  const auto address = io::IpAddress::parse(client);
  return address ? home_of(*address) : std::string{};
}

// By the region of its address, and by whose its name is.
struct Origin {
  std::string home, region, owner;
};
std::optional<Origin> origin_of(const Sent& sent) {
  const auto address = io::IpAddress::parse(sent.client);
  if (!address) return std::nullopt;
  return Origin{home_of(*address), region_of(*address), owner_of(sent.client_name.substr(0, longest_name))};
}

bool is_in(const std::string& region, const KnownNetwork& known) {
  const auto base = io::IpAddress::parse(std::string_view(known.name).substr(0, known.name.find('/')));
  return base && region_of(*base) == region;
}

bool is_old(const KnownNetwork& known, WallTime now) { return known.first + Habits::news_for <= now; }

// The regions that it sent from within a day and that it had never come from before.
std::size_t new_regions(const Habit& habit, WallTime now) {
  std::vector<std::string> regions;
  for (const auto& known : habit.networks) {
    const auto base = io::IpAddress::parse(std::string_view(known.name).substr(0, known.name.find('/')));
    if (!base || is_old(known, now) || known.sent + std::chrono::days{1} < now) continue;
    const auto region = region_of(*base);
    const bool before = std::ranges::any_of(habit.networks, [&](const auto& other) { return is_old(other, now) && is_in(region, other); });
    if (!before && std::ranges::find(regions, region) == regions.end()) regions.push_back(region);
  }
  return regions.size();
}

// A provider has many networks: who it is counts for all of them.
bool is_of_known_owner(const Habit& habit, const Origin& origin, WallTime now) {
  return !origin.owner.empty() && std::ranges::any_of(habit.networks, [&](const KnownNetwork& known) { return is_old(known, now) && known.name == origin.owner; });
}
bool is_of_known_region(const Habit& habit, const Origin& origin, WallTime now) {
  return std::ranges::any_of(habit.networks, [&](const KnownNetwork& known) { return is_old(known, now) && is_in(origin.region, known); });
}

}  // namespace

Habit* Habits::of(AccountId account, WallTime now) {
  const auto found = habits_.find(account.value());
  if (found != habits_.end()) return &found->second;
  if (habits_.size() >= most_accounts) return nullptr;
  auto& fresh = habits_[account.value()];
  fresh.since = now;
  fresh.hour = hour_of(now), fresh.week = week_of(fresh.hour);
  return &fresh;
}

KnownNetwork& Habits::see(Habit& habit, std::string name, WallTime now) {
  auto& networks = habit.networks;
  std::erase_if(networks, [&](const auto& known) { return known.last + networks_are_kept < now; });
  const auto found = std::ranges::find(networks, name, &KnownNetwork::name);
  if (found != networks.end()) {
    found->last = std::max(found->last, now);
    std::rotate(found, found + 1, networks.end());
    return networks.back();
  }
  if (networks.size() >= Habit::most_networks) {
    // A stranger's many must not push out what has been usual for long.
    const auto newest = std::ranges::max_element(networks, {}, &KnownNetwork::first);
    networks.erase(is_old(*newest, now) ? networks.begin() : newest);
  }
  networks.push_back({std::move(name), now, now, {}});
  return networks.back();
}

// A clock that was set back moves nothing.
void Habits::move_on(Habit& habit, WallTime now) {
  const auto hour = hour_of(now), week = week_of(hour);
  if (hour > habit.hour) {
    habit.peaks[0] = std::max(habit.peaks[0], habit.sent[0]);
    shift(habit.sent, habit.hour, hour), shift(habit.refused, habit.hour, hour);
    habit.hour = hour;
  }
  if (week > habit.week) {
    shift(habit.peaks, habit.week, week);
    habit.week = week;
  }
}

void Habits::logged_in(AccountId account, std::string_view client, WallTime now) {
  auto network = network_of(client);
  auto* habit = network.empty() ? nullptr : of(account, now);
  if (habit != nullptr) (void)see(*habit, std::move(network), now);
}

bool Habits::is_usual(AccountId account, std::string_view client) const {
  const auto found = habits_.find(account.value());
  const auto network = network_of(client);
  return found != habits_.end() && !network.empty() && std::ranges::find(found->second.networks, network, &KnownNetwork::name) != found->second.networks.end();
}

Suspicion Habits::sent(AccountId account, const Sent& sent, const SendTerms& terms, WallTime now) {
  Suspicion suspicion;
  auto* habit = of(account, now);
  if (habit == nullptr) return suspicion;
  move_on(*habit, now);
  const auto usual = *std::ranges::max_element(habit->peaks);
  habit->sent[0] += sent.recipients, habit->refused[0] += sent.refused;
  const auto say = [&](int points, const std::string& why) {
    suspicion.points += points;
    suspicion.because += (suspicion.because.empty() ? "" : "; ") + why;
  };
  const auto hour = within_an_hour(*habit, now), sudden = std::max(terms.recipients, terms.times_usual * usual);
  if (hour >= sudden) say(hour >= many_times * sudden ? 3 : 2, std::to_string(hour) + " recipients within an hour, " + std::to_string(usual) + " were the most of four weeks");
  const auto refused = sum(habit->refused), tried = sum(habit->sent) + refused;
  if (refused >= terms.refused && 4 * refused >= tried) say(2, std::to_string(refused) + " of " + std::to_string(tried) + " recipients within a day were refused");
  if (const auto origin = origin_of(sent)) {
    // Who is new here has no usual networks yet.
    const bool settled = habit->since + settled_after <= now, known_owner = is_of_known_owner(*habit, *origin, now);
    const bool fresh = settled && !known_owner && !is_of_known_region(*habit, *origin, now);
    if (!origin->owner.empty()) (void)see(*habit, origin->owner, now);
    auto& home = see(*habit, origin->home, now);
    if (!known_owner) home.sent = now;
    const auto regions = settled ? new_regions(*habit, now) : 0;
    if (regions >= terms.networks) say(2, std::to_string(regions) + " new networks within a day");
    else if (fresh) say(1, "from a network that is new for it (" + origin->region + (origin->owner.empty() ? "" : ", " + origin->owner) + ")");
  }
  return suspicion;
}

bool Habits::tell(AccountId account, WallTime now) {
  auto* habit = of(account, now);
  if (habit == nullptr || (habit->told + std::chrono::days{1} > now && habit->told <= now)) return false;
  habit->told = now;
  return true;
}

void Habits::forget_since(AccountId account, WallTime since) {
  const auto found = habits_.find(account.value());
  if (found == habits_.end()) return;
  std::erase_if(found->second.networks, [&](const auto& known) { return known.first >= since; });
  found->second.sent = {}, found->second.refused = {};
}

void Habits::keep_only(const std::set<std::uint64_t>& accounts) {
  std::erase_if(habits_, [&](const auto& one) { return !accounts.contains(one.first); });
}

void Habits::restore(AccountId account, Habit habit) {
  if (habit.networks.size() > Habit::most_networks || (habits_.size() >= most_accounts && !habits_.contains(account.value()))) return;
  habits_.insert_or_assign(account.value(), std::move(habit));
}

}  // namespace hikyaku::abuse
