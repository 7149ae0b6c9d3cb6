#include "services/delivery/schedule/destination.h"

#include <algorithm>
#include <utility>

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
  return throttled_ || ceiling_ ? Health::Throttled : Health::Healthy;
}

void Destination::enter(WallTime now) {
  if (health() == shown_) return;
  shown_ = health();
  since_ = now;
}

void Destination::set_most(std::uint32_t most) {
  most_ = std::max(1U, most);
  limit_ = std::min(limit_, static_cast<double>(most_));
  if (ceiling_ && *ceiling_ >= most_) ceiling_.reset();
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

// Slow start: from one, doubling with each round. Who comes back may bear more than before.
void Destination::start_slowly(WallTime now) {
  limit_ = 1;
  threshold_ = most_;
  throttled_ = down_ = asks_for_more_ = false;
  wait_ = {};
  ask_at_ = now + std::chrono::duration_cast<std::chrono::microseconds>(first_wait);
}

// One burst is one refusal: the wait grows with the next one only.
void Destination::learn_ceiling(WallTime now, std::uint32_t bears) {
  if (!std::exchange(learned_in_row_, true)) ceiling_before_ = ceiling_;
  if (wait_ == Duration{}) wait_ = first_wait;
  else if (now - refused_at_ >= wait_) wait_ = std::min(2 * wait_, longest_wait);
  refused_at_ = now;
  ask_at_ = now + std::chrono::duration_cast<std::chrono::microseconds>(wait_);
  asks_for_more_ = false;
  if (bears < most_) ceiling_ = bears;
  limit_ = std::min<double>(limit_, bears);
}

void Destination::connected(WallTime now, std::uint32_t standing) {
  if (!ceiling_ || standing <= *ceiling_) return;
  ceiling_ = standing;
  wait_ = {};
  asks_for_more_ = false;
  ask_at_ = now;  // the next one at once: a cap that was raised is found in as many steps
  if (*ceiling_ >= most_) ceiling_.reset();
}

// Up to the ceiling, or one above it when it is time to ask; further only when that one stood.
void Destination::grow(WallTime now) {
  if (ceiling_ && !asks_for_more_ && limit_ >= *ceiling_ && now >= ask_at_) asks_for_more_ = true;
  const double step = limit_ < threshold_ || asks_for_more_ ? 1.0 : 1.0 / limit_;
  limit_ = std::max(limit_, std::min<double>(limit_ + step, most_known() + (asks_for_more_ ? 1 : 0)));
}

void Destination::forget_silence(WallTime now) {
  if (!down_) return;
  start_slowly(now);
  proven_ = served_ = false;
  failures_ = 0;
  enter(now);
}

Destination::Was Destination::answered(WallTime now, Duration took) {
  const bool was_down = down_;
  if (was_down) start_slowly(now);
  proven_ = true;
  failures_ = 0;
  learned_in_row_ = false;
  ++since_cut_;
  const bool slow = usual_ > Duration{} && took > 4 * usual_ && took > least_slowness;
  if (slow) cut(now);
  else grow(now);
  if (took > Duration{}) usual_ = usual_ == Duration{} ? took : usual_ + (took - usual_) / 8;
  if (throttled_ && limit_ >= std::min<double>(before_cut_, most_known()) * 0.9) throttled_ = false;
  enter(now);
  return was_down ? Was::Down : Was::Up;
}

void Destination::too_fast(WallTime now, Evidence evidence) {
  ++since_cut_;
  evidence_ = std::move(evidence);
  cut(now);
}

// One more of a row of failures. False: it is the end of it, nothing answers.
bool Destination::goes_on(WallTime now, Evidence evidence, std::uint32_t others) {
  ++since_cut_;
  if (failures_++ == 0) limit_before_ = std::max(1U, static_cast<std::uint32_t>(limit_));
  evidence_ = std::move(evidence);
  if (others > 0 && !down_ && failures_ < silences_with_sessions * limit_before_) return true;
  // What a row that ends like this said of a ceiling was not about one.
  if (std::exchange(learned_in_row_, false)) ceiling_ = ceiling_before_;
  down_ = true;
  served_ = false;
  enter(now);
  return false;
}

bool Destination::silent(WallTime now, Evidence evidence, std::uint32_t sessions_alive) {
  if (!goes_on(now, std::move(evidence), sessions_alive)) return true;
  cut(now);
  return false;
}

Destination::Setback Destination::turned_away(WallTime now, Evidence evidence, std::uint32_t others) {
  if (!goes_on(now, std::move(evidence), others)) return Setback::Down;
  learn_ceiling(now, others);
  enter(now);
  return Setback::TurnedAway;
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
