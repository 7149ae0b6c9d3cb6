#include "services/abuse/habits.h"

#include <algorithm>
#include <numeric>

#include "services/abuse/country_code.h"
#include "services/abuse/prefix.h"

namespace hikyaku::abuse {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::uint64_t many_times = 10;  // the sudden: enough by itself
constexpr std::size_t looked_back = 6;    // hours: refusals come later than what is refused

std::uint64_t hour_of(WallTime now) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::hours>(now).time_since_epoch().count())); }
std::uint64_t week_of(std::uint64_t hour) { return hour / (24 * 7); }

// Keeps what is still among the newest when the newest becomes number `now`. The largest of what went.
template <class Array>
std::uint32_t shift(Array& values, std::uint64_t from, std::uint64_t now) {
  const auto by = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(now - from, values.size()));
  const auto largest = by == 0 ? 0 : *std::max_element(values.end() - by, values.end());
  std::shift_right(values.begin(), values.end(), by);
  std::fill_n(values.begin(), by, 0U);
  return largest;
}

std::uint64_t sum(const std::array<std::uint32_t, Habit::hours>& values) { return std::accumulate(values.begin(), values.end(), std::uint64_t{0}); }

void add(std::uint32_t& to, std::uint32_t count) { to += std::min(count, UINT32_MAX - to); }

// Recipients in the busiest hour of the last ones.
std::uint64_t within_an_hour(const Habit& habit, WallTime now) {
  const auto into = std::chrono::duration<double>(now - std::chrono::floor<std::chrono::hours>(now)).count() / 3'600;
  const auto this_one = habit.sent[0] + static_cast<std::uint64_t>(habit.sent[1] * (1 - into));
  return std::max<std::uint64_t>(this_one, *std::max_element(habit.sent.begin(), habit.sent.begin() + looked_back));
}

void say(Suspicion& suspicion, int points, const std::string& why) {
  suspicion.points += points;
  suspicion.because += (suspicion.because.empty() ? "" : "; ") + why;
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

bool is_in(const std::string& region, const KnownPlace& known) {
  const auto base = io::IpAddress::parse(std::string_view(known.name).substr(0, known.name.find('/')));
  return base && region_of(*base) == region;
}

bool is_old(const KnownPlace& known, WallTime now) { return known.first + Habits::news_for <= now; }

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
  return !origin.owner.empty() && std::ranges::any_of(habit.networks, [&](const KnownPlace& known) { return is_old(known, now) && known.name == origin.owner; });
}
bool is_of_known_region(const Habit& habit, const Origin& origin, WallTime now) {
  return std::ranges::any_of(habit.networks, [&](const KnownPlace& known) { return is_old(known, now) && is_in(origin.region, known); });
}

// As one that was there before, or new.
KnownPlace& see(std::vector<KnownPlace>& places, std::size_t most, Duration kept, std::string name, WallTime now) {
  std::erase_if(places, [&](const auto& known) { return known.last + kept < now; });
  const auto found = std::ranges::find(places, name, &KnownPlace::name);
  if (found != places.end()) {
    found->last = std::max(found->last, now);
    std::rotate(found, found + 1, places.end());
    return places.back();
  }
  if (places.size() >= most) {
    // A stranger's many must not push out what has been usual for long.
    const auto newest = std::ranges::max_element(places, {}, &KnownPlace::first);
    places.erase(is_old(*newest, now) ? places.begin() : newest);
  }
  places.push_back({std::move(name), now, now, {}});
  return places.back();
}

// Those of the last day that it had never come from before: "BR, RU". None while nobody knows yet where it is used.
std::string new_countries(const Habit& habit, WallTime now) {
  std::string names;
  if (std::ranges::none_of(habit.countries, [&](const auto& known) { return known.first + Habits::settled_after <= now; })) return names;
  for (const auto& known : habit.countries)
    if (!is_old(known, now) && known.last + std::chrono::days{1} >= now) names += (names.empty() ? "" : ", ") + known.name;
  return names;
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

KnownPlace& Habits::see_network(Habit& habit, std::string name, WallTime now) { return see(habit.networks, Habit::most_networks, networks_are_kept, std::move(name), now); }

// The database says something else of a network than it did: that is a correction, and no journey.
void Habits::see_country(Habit& habit, std::string_view country, const KnownPlace& home, WallTime now) {
  if (!is_country_code(country)) return;
  auto& known = see(habit.countries, Habit::most_countries, countries_are_kept, std::string(country), now);
  if (is_old(home, now)) known.first = std::min(known.first, home.first);
}

// An hour is usual once it is a day old: who sends for another one is not usual by the second hour. A clock that was set back moves nothing.
void Habits::move_on(Habit& habit, WallTime now) {
  const auto hour = hour_of(now), week = week_of(hour);
  if (hour > habit.hour) {
    habit.peaks[0] = std::max(habit.peaks[0], shift(habit.sent, habit.hour, hour));
    shift(habit.refused, habit.hour, hour), shift(habit.refused_elsewhere, habit.hour, hour);
    habit.hour = hour;
  }
  if (week > habit.week) {
    shift(habit.peaks, habit.week, week);
    habit.week = week;
  }
}

Suspicion Habits::logged_in(AccountId account, std::string_view client, std::string_view country, WallTime now) {
  Suspicion suspicion;
  auto network = network_of(client);
  auto* habit = network.empty() ? nullptr : of(account, now);
  if (habit == nullptr) return suspicion;
  see_country(*habit, country, see_network(*habit, std::move(network), now), now);
  say_countries(suspicion, *habit, now);
  return suspicion;
}

bool Habits::is_usual(AccountId account, std::string_view client) const {
  const auto found = habits_.find(account.value());
  const auto network = network_of(client);
  return found != habits_.end() && !network.empty() && std::ranges::find(found->second.networks, network, &KnownPlace::name) != found->second.networks.end();
}

Suspicion Habits::sent(AccountId account, const Sent& sent, const SendTerms& terms, WallTime now) {
  Suspicion suspicion;
  auto* habit = of(account, now);
  if (habit == nullptr) return suspicion;
  move_on(*habit, now);
  add(habit->sent[0], sent.recipients), add(habit->refused[0], sent.refused), add(habit->refused_elsewhere[0], sent.refused_elsewhere);
  say_volume(suspicion, *habit, terms, now);
  say_refused(suspicion, *habit, terms);
  say_origin(suspicion, *habit, sent, terms, now);
  return suspicion;
}

// Of who is new here nobody knows what is usual: however much it is, it is one kind of evidence.
void Habits::say_volume(Suspicion& suspicion, const Habit& habit, const SendTerms& terms, WallTime now) {
  const std::uint64_t usual = *std::ranges::max_element(habit.peaks);
  const auto hour = within_an_hour(habit, now), sudden = std::max(terms.recipients, terms.times_usual * usual);
  if (hour < sudden) return;
  const bool alone = hour >= many_times * sudden && habit.since + settled_after <= now;
  say(suspicion, alone ? Suspicion::enough : 2, std::to_string(hour) + " recipients within an hour, " + std::to_string(usual) + " were the most of four weeks");
}

void Habits::say_refused(Suspicion& suspicion, const Habit& habit, const SendTerms& terms) {
  const auto here = sum(habit.refused), elsewhere = sum(habit.refused_elsewhere), refused = here + elsewhere;
  const auto tried = std::max(sum(habit.sent) + here, refused);  // what is refused elsewhere may have been sent the day before
  if (refused < terms.refused || 4 * refused < tried) return;
  say(suspicion, 2, std::to_string(refused) + " of " + std::to_string(tried) + " recipients within a day were refused, " + std::to_string(elsewhere) + " by other servers");
}

void Habits::say_origin(Suspicion& suspicion, Habit& habit, const Sent& sent, const SendTerms& terms, WallTime now) {
  // Who is new here has no usual networks yet.
  const bool settled = habit.since + settled_after <= now;
  const auto origin = origin_of(sent);
  bool fresh = false;
  if (origin) {
    const bool known_owner = is_of_known_owner(habit, *origin, now);
    fresh = settled && !known_owner && !is_of_known_region(habit, *origin, now);
    if (!origin->owner.empty()) (void)see_network(habit, origin->owner, now);
    auto& home = see_network(habit, origin->home, now);
    if (!known_owner) home.sent = now;
    see_country(habit, sent.country, home, now);
  }
  const auto regions = settled ? new_regions(habit, now) : 0;
  Suspicion from;
  if (regions >= terms.networks) say(from, 2, std::to_string(regions) + " new networks within a day");
  else if (fresh) say(from, 1, "from a network that is new for it (" + origin->region + (origin->owner.empty() ? "" : ", " + origin->owner) + ")");
  say_countries(from, habit, now);
  // A journey shows both: where it comes from is one kind of evidence, which alone is never enough.
  if (from.points > 0) say(suspicion, std::min(from.points, 2), from.because);
}

void Habits::say_countries(Suspicion& suspicion, const Habit& habit, WallTime now) {
  if (const auto names = new_countries(habit, now); !names.empty()) say(suspicion, 2, "used from new countries (" + names + ")");
}

bool Habits::tell(AccountId account, int points, WallTime now) {
  auto* habit = of(account, now);
  if (habit == nullptr) return false;
  auto& told = points >= Suspicion::enough ? habit->warned : habit->told;
  if (told + std::chrono::days{1} > now && told <= now) return false;
  told = now;
  return true;
}

bool Habits::rule(AccountId account, const Ruling& ruling) {
  const auto found = habits_.find(account.value());
  const WallTime at = std::chrono::floor<std::chrono::seconds>(ruling.at);  // as the file has it
  if (found == habits_.end() || at <= found->second.ruled) return false;
  auto& habit = found->second;
  habit.ruled = at;
  if (ruling.was == Ruling::Was::Stranger) {
    for (auto* places : {&habit.networks, &habit.countries}) std::erase_if(*places, [&](const auto& known) { return known.first >= ruling.came; });
  } else {
    // An hour may have begun within one of ours.
    for (std::size_t i = 0; i + 1 < Habit::hours; ++i) habit.peaks[0] = std::max(habit.peaks[0], habit.sent[i] + habit.sent[i + 1]);
    for (auto* places : {&habit.networks, &habit.countries})
      for (auto& known : *places) known.first = std::min(known.first, at - news_for);
  }
  for (auto& known : habit.networks) known.sent = {};
  habit.sent = {}, habit.refused = {}, habit.refused_elsewhere = {};
  return true;
}

void Habits::keep_only(const std::set<std::uint64_t>& accounts) {
  std::erase_if(habits_, [&](const auto& one) { return !accounts.contains(one.first); });
}

void Habits::restore(AccountId account, Habit habit) {
  if (habit.networks.size() > Habit::most_networks || habit.countries.size() > Habit::most_countries || (habits_.size() >= most_accounts && !habits_.contains(account.value()))) return;
  habits_.insert_or_assign(account.value(), std::move(habit));
}

}  // namespace hikyaku::abuse
