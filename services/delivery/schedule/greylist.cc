#include "services/delivery/schedule/greylist.h"

#include <algorithm>

#include "base/wire.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint8_t format = 1;
constexpr Duration longest = std::chrono::hours{24};
constexpr Duration margin = std::chrono::seconds{2};  // clocks and the way to the peer
constexpr std::uint8_t most_probes = 12;              // early tries spent on learning one site
constexpr std::int8_t sure = 3;

// What greylists are commonly set to, in minutes.
constexpr int common_minutes[] = {1, 2, 3, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440};

Duration tolerance(Duration enough) { return std::max<Duration>(enough / 20, std::chrono::seconds{10}); }

std::optional<Duration> common_between(Duration above, Duration below) {
  for (const int minutes : common_minutes) {
    const Duration at = std::chrono::minutes{minutes} + margin;
    if (at > above + margin && at < below) return at;
  }
  return std::nullopt;
}

}  // namespace

bool GreylistProfile::learned() const {
  return enough_ != Duration::max() && (enough_ - too_short_ <= tolerance(enough_) || probes_ >= most_probes || contradictions_ > 1);
}

Duration GreylistProfile::target(Duration waited, std::optional<Duration> hint, Duration usual) const {
  if (enough_ != Duration::max() && waited < enough_) return enough_;
  if (hint && *hint > Duration{} && waited + *hint > too_short_) return std::min(waited + *hint + margin, waited + longest);
  const Duration known = std::max(waited, too_short_);
  if (known < usual) return usual + margin;
  const auto next = common_between(known, Duration::max());
  return next ? *next : waited + usual;
}

Duration GreylistProfile::target_to_learn(Duration waited, std::optional<Duration> hint, Duration usual) const {
  if (enough_ == Duration::max() || learned() || waited >= enough_) return target(waited, hint, usual);
  const Duration known = std::max(waited, too_short_);
  if (enough_ - known <= tolerance(enough_)) return enough_;
  // The value just below what was enough is the likeliest limit's neighbour: common values first, from below.
  if (const auto common = common_between(known, enough_ - tolerance(enough_))) return *common;
  return known + (enough_ - known) / 2;
}

void GreylistProfile::was_too_early(Duration waited) {
  if (waited < Duration{1s}) return;
  if (waited >= enough_) {  // it has changed its mind, or counts from our last try: begin again, without early tries
    ++contradictions_;
    enough_ = Duration::max();
    too_short_ = waited;
    return;
  }
  too_short_ = std::max(too_short_, waited);
  if (probes_ < most_probes) ++probes_;
}

void GreylistProfile::passed(Duration waited) {
  if (waited <= too_short_) return;  // another message opened the door meanwhile: nothing to learn
  enough_ = std::min(enough_, waited);
}

void GreylistProfile::newcomer(bool got_in) {
  if (!got_in) key_ = DoorKey::PerMessage;  // a shared door does not refuse a newcomer
  if (got_in && votes_ < sure) ++votes_;
  if (key_ == DoorKey::Unknown && votes_ >= sure) key_ = DoorKey::Shared;
}

GreylistProfile* GreylistMemory::find(const std::string& destination) {
  const auto found = profiles_.find(destination);
  return found == profiles_.end() ? nullptr : &found->second;
}

const GreylistProfile* GreylistMemory::find(const std::string& destination) const {
  const auto found = profiles_.find(destination);
  return found == profiles_.end() ? nullptr : &found->second;
}

GreylistProfile& GreylistMemory::make(const std::string& destination, WallTime now) {
  if (auto* known = find(destination)) {
    known->used = now;
    return *known;
  }
  if (profiles_.size() >= most)
    profiles_.erase(std::ranges::min_element(profiles_, {}, [](const auto& one) { return one.second.used; }));
  auto& made = profiles_[destination];
  made.used = now;
  return made;
}

std::string GreylistMemory::encode() const {
  WireWriter out;
  out.u8(format);
  for (const auto& [destination, profile] : profiles_)
    out.text(destination).text(profile.sticky_host).u64(static_cast<std::uint64_t>(profile.used.time_since_epoch().count()))
        .u64(static_cast<std::uint64_t>(profile.too_short_.count())).u64(static_cast<std::uint64_t>(profile.enough_.count()))
        .u8(profile.probes_).u8(profile.contradictions_).u8(static_cast<std::uint8_t>(profile.votes_)).u8(static_cast<std::uint8_t>(profile.key_));
  return std::string(out.bytes());
}

GreylistMemory GreylistMemory::decode(std::string_view octets) {
  GreylistMemory memory;
  WireReader in(octets);
  if (in.u8() != format) return memory;
  while (!in.broken() && !in.rest().empty() && memory.profiles_.size() < most) {
    const std::string destination(in.text());
    GreylistProfile profile;
    profile.sticky_host = in.text();
    profile.used = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}};
    profile.too_short_ = Duration{static_cast<std::int64_t>(in.u64())};
    profile.enough_ = Duration{static_cast<std::int64_t>(in.u64())};
    profile.probes_ = in.u8(), profile.contradictions_ = in.u8();
    profile.votes_ = static_cast<std::int8_t>(in.u8());
    const auto key = in.u8();
    const bool sane = profile.too_short_ >= Duration{} && profile.too_short_ <= 2 * longest && profile.enough_ > Duration{} && key <= 2;
    profile.key_ = static_cast<DoorKey>(key);
    if (!in.broken() && sane) memory.profiles_[destination] = std::move(profile);
  }
  return memory;
}

}  // namespace hikyaku::delivery
