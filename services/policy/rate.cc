#include "services/policy/rate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/cursor.h"

namespace hikyaku::policy {
namespace {

constexpr std::array<std::string_view, 5> names{"account", "client", "network", "sender_domain", "account_domain"};
constexpr std::uint64_t most_count = 1'000'000;
constexpr auto tended_each = std::chrono::minutes{1};
constexpr std::size_t tended_at_once = 128;  // places of a table, and buckets in them

// "1h", "30s"
std::optional<std::chrono::seconds> take_period(Cursor& in) {
  const auto number = parse_number(in, 604'800);
  if (!number || *number == 0) return std::nullopt;
  std::chrono::seconds unit{};
  if (in.take('s')) unit = std::chrono::seconds{1};
  else if (in.take('m')) unit = std::chrono::minutes{1};
  else if (in.take('h')) unit = std::chrono::hours{1};
  else if (in.take('d')) unit = std::chrono::days{1};
  else return std::nullopt;
  const auto period = unit * static_cast<std::int64_t>(*number);
  return period <= std::chrono::days{7} ? std::optional(period) : std::nullopt;
}

}  // namespace

std::string_view rate_name(RateOf of) { return names[static_cast<std::size_t>(of)]; }

std::optional<Rate> parse_rate(std::string_view text) {
  Cursor in(text);
  const auto word = in.take_while([](char c) { return c != ' '; });
  const auto name = std::ranges::find(names, word);
  if (name == names.end() || !in.take(' ')) return std::nullopt;
  Rate rate{.of = static_cast<RateOf>(name - names.begin())};
  const auto count = parse_number(in, most_count);
  if (!count || *count == 0 || !in.take('/')) return std::nullopt;
  const auto period = take_period(in);
  if (!period) return std::nullopt;
  rate.count = rate.burst = *count;
  rate.period = *period;
  if (in.take(" burst ")) {
    const auto burst = parse_number(in, most_count);
    if (!burst || *burst == 0) return std::nullopt;
    rate.burst = *burst;
  }
  return in.at_end() ? std::optional(rate) : std::nullopt;
}

std::string rate_text(const Rate& rate) {
  std::string text(rate_name(rate.of));
  text += " " + std::to_string(rate.count) + "/" + std::to_string(rate.period.count()) + "s";
  return rate.burst == rate.count ? text : text + " burst " + std::to_string(rate.burst);
}

std::size_t Rates::buckets() const {
  std::size_t all = 0;
  for (const auto& one : counted_) all += one.buckets.size();
  return all;
}

std::vector<Rates::Used> Rates::fullest(Instant now, std::size_t most) const {
  std::vector<Used> all;
  for (const auto& [rate, buckets] : counted_) {
    for (const auto& [who, bucket] : buckets) {
      const double tokens = filled(rate, bucket, now);
      const auto used = static_cast<std::uint64_t>(static_cast<double>(rate.burst) - tokens + 0.5);
      if (used == 0) continue;
      const double wait = tokens >= 1 ? 0 : (1 - tokens) * static_cast<double>(rate.period.count()) / static_cast<double>(rate.count);
      all.push_back({rate, who, used, std::chrono::seconds{static_cast<std::int64_t>(std::ceil(wait))}});
    }
  }
  const auto fuller = [](const Used& a, const Used& b) { return a.used * b.rate.burst != b.used * a.rate.burst ? a.used * b.rate.burst > b.used * a.rate.burst : a.who < b.who; };
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::ranges::partial_sort(all.begin(), end, all.end(), fuller);
  all.erase(end, all.end());
  return all;
}

void Rates::set(std::vector<Rate> rates) {
  if (std::ranges::equal(rates, counted_, {}, {}, &Counted::rate)) return;
  std::vector<Counted> counted;
  for (const auto& rate : rates) {
    const auto before = std::ranges::find_if(counted_, [&](const Counted& one) { return one.rate.of == rate.of && one.rate.period == rate.period; });
    counted.push_back({rate, before == counted_.end() ? Buckets{} : std::exchange(before->buckets, {})});
  }
  counted_ = std::move(counted);
  tended_rate_ = counted_.size();
}

const std::string& Rates::who_of(const Rate& rate, const RateSubject& subject) {
  switch (rate.of) {
    case RateOf::Account: return subject.account;
    case RateOf::Client: return subject.client;
    case RateOf::Network: return subject.network;
    case RateOf::SenderDomain: return subject.sender_domain;
    case RateOf::AccountDomain: break;
  }
  return subject.account_domain;
}

double Rates::filled(const Rate& rate, const Bucket& bucket, Instant now) {
  const auto passed = std::chrono::duration<double>(now - bucket.at).count();
  const double back = passed * static_cast<double>(rate.count) / static_cast<double>(rate.period.count());
  return std::min(static_cast<double>(rate.burst), bucket.tokens + back);
}

std::optional<Rates::Over> Rates::take(const RateSubject& subject, Instant now) {
  if (counted_.empty()) return std::nullopt;
  forget_full(now);
  std::vector<std::pair<Bucket*, double>> taken;
  for (auto& [rate, buckets] : counted_) {
    const auto& who = who_of(rate, subject);
    if (who.empty()) continue;
    auto at = buckets.find(who);
    if (at == buckets.end()) {
      if (this->buckets() >= most_buckets) continue;
      at = buckets.emplace(who, Bucket{static_cast<double>(rate.burst), now}).first;
    }
    const double tokens = filled(rate, at->second, now);
    if (tokens < 1) {
      const auto wait = (1 - tokens) * static_cast<double>(rate.period.count()) / static_cast<double>(rate.count);
      return Over{rate, who, std::chrono::seconds{static_cast<std::int64_t>(std::ceil(wait))}};
    }
    taken.emplace_back(&at->second, tokens);
  }
  for (auto& [bucket, tokens] : taken) *bucket = {tokens - 1, now};
  return std::nullopt;
}

// A part of the walk with each call: it is made on event loops, which all wait for the same lock. A table that grows on the way
// has its buckets elsewhere: those that are passed over so are met by the next walk.
void Rates::forget_full(Instant now) {
  if (tended_rate_ >= counted_.size()) {
    if (now < tended_ + tended_each) return;
    tended_ = now;
    tended_rate_ = tended_place_ = 0;
  }
  for (std::size_t looked = 0; looked < tended_at_once && tended_rate_ < counted_.size();) {
    auto& [rate, buckets] = counted_[tended_rate_];
    if (tended_place_ < buckets.bucket_count()) {
      looked += 1 + forget_full(rate, buckets, tended_place_++, now);
    } else {
      ++tended_rate_;
      tended_place_ = 0;
    }
  }
}

// Of one place of the table; how many were there.
std::size_t Rates::forget_full(const Rate& rate, Buckets& buckets, std::size_t place, Instant now) {
  std::size_t looked = 0;
  for (auto at = buckets.begin(place); at != buckets.end(place); ++looked) {
    const auto one = at++;
    if (filled(rate, one->second, now) >= static_cast<double>(rate.burst)) buckets.erase(buckets.find(one->first));
  }
  return looked;
}

}  // namespace hikyaku::policy
