#include "services/delivery/schedule/destination.h"

#include <algorithm>

namespace hikyaku::delivery {
namespace {

constexpr std::uint32_t silences_with_sessions = 3;  // rounds of them, though others are alive: then it is down
constexpr Duration least_slowness = std::chrono::seconds{2};

struct Words {
  std::string_view name, en, ja;
};
constexpr Words words[] = {{"healthy", "healthy", "正常"},
                           {"throttled", "throttled: it bears fewer connections", "抑制中(相手の負荷に合わせて接続を減らしている)"},
                           {"greylisting", "greylisting: waiting for its door to open", "グレイリスト待ち"},
                           {"down", "down: nothing answers", "無応答"},
                           {"held", "held by the operator", "保留中(管理者による)"}};

}  // namespace

std::string_view health_name(Health health) { return words[static_cast<std::size_t>(health)].name; }
std::string_view health_words(Health health, bool japanese) {
  const auto& one = words[static_cast<std::size_t>(health)];
  return japanese ? one.ja : one.en;
}

Health Destination::health() const {
  if (held_until_) return Health::Held;
  if (down_) return Health::Down;
  if (door_) return Health::Greylisting;
  return throttled_ ? Health::Throttled : Health::Healthy;
}

void Destination::enter(WallTime now) {
  if (health() == shown_) return;
  shown_ = health();
  since_ = now;
}

void Destination::set_most(std::uint32_t most) {
  most_ = std::max(1U, most);
  limit_ = std::min(limit_, static_cast<double>(most_));
}

std::uint32_t Destination::limit() const {
  if (held_until_) return 0;
  if (down_) return 1;
  return std::clamp(static_cast<std::uint32_t>(limit_), 1U, most_);
}

void Destination::cut(WallTime now) {
  if (since_cut_ < static_cast<std::uint32_t>(limit_)) return;
  since_cut_ = 0;
  before_cut_ = throttled_ ? before_cut_ : limit_;
  threshold_ = limit_ = std::max(1.0, limit_ / 2);
  throttled_ = true;
  enter(now);
}

// Slow start: from one, doubling with each round.
void Destination::start_slowly() {
  limit_ = 1;
  threshold_ = most_;
  throttled_ = down_ = false;
}

void Destination::forget_silence(WallTime now) {
  if (!down_) return;
  start_slowly();
  proven_ = false;
  failures_ = 0;
  enter(now);
}

Destination::Was Destination::answered(WallTime now, Duration took) {
  const bool was_down = down_;
  if (was_down) start_slowly();
  proven_ = true;
  failures_ = 0;
  ++since_cut_;
  const bool slow = usual_ > Duration{} && took > 4 * usual_ && took > least_slowness;
  if (slow) cut(now);
  else limit_ = std::min<double>(most_, limit_ + (limit_ < threshold_ ? 1.0 : 1.0 / limit_));
  if (took > Duration{}) usual_ = usual_ == Duration{} ? took : usual_ + (took - usual_) / 8;
  if (throttled_ && limit_ >= std::min<double>(before_cut_, most_) * 0.9) throttled_ = false;
  enter(now);
  return was_down ? Was::Down : Was::Up;
}

void Destination::too_fast(WallTime now, Evidence evidence) {
  ++since_cut_;
  evidence_ = std::move(evidence);
  cut(now);
}

bool Destination::silent(WallTime now, Evidence evidence, std::uint32_t sessions_alive) {
  ++since_cut_;
  ++failures_;
  evidence_ = std::move(evidence);
  const bool bears_others = sessions_alive > 0 && !down_ && failures_ < silences_with_sessions * std::max(1U, static_cast<std::uint32_t>(limit_));
  if (bears_others) {
    cut(now);
    return false;
  }
  down_ = true;
  enter(now);
  return true;
}

void Destination::door_shut(WallTime now, WallTime until, Evidence evidence) {
  door_ = until;
  evidence_ = std::move(evidence);
  enter(now);
}

void Destination::door_open(WallTime now) {
  door_.reset();
  enter(now);
}

void Destination::hold(WallTime now, WallTime until, std::string reason) {
  held_until_ = until;
  evidence_ = Evidence{now, FailureClass::Transient, std::move(reason), {}};
  enter(now);
}

void Destination::release_hold(WallTime now) {
  held_until_.reset();
  enter(now);
}

}  // namespace hikyaku::delivery
