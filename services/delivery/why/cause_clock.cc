#include "services/delivery/why/cause_clock.h"

#include <algorithm>

namespace hikyaku::delivery {
namespace {

struct Named {
  std::string_view name, english, japanese;
};
constexpr std::array<Named, causes> names{{
    {"intake", "waited to be taken up", "取り出し待ち"},
    {"schedule", "waited for its next try", "次の再送時刻待ち"},
    {"hold", "held by an operator", "保留"},
    {"stopped", "delivery was stopped", "配送の停止中"},
    {"slot", "waited for a free delivery slot", "同時配送数の空き待ち"},
    {"rate", "waited because the destination takes no more at once", "相手先ごとの同時接続数の空き待ち"},
    {"dns", "asked DNS", "DNS の問い合わせ"},
    {"connect", "connected", "接続"},
    {"tls", "negotiated TLS", "TLS の確立"},
    {"reply", "waited for the next hop's replies", "相手サーバの応答待ち"},
    {"scan", "was filtered and scanned", "フィルタと検査"},
    {"disk", "our own disk", "自サーバのディスク"},
    {"signing", "was signed, or waited for the service signer", "署名(signer サービスの応答待ちを含む)"},
}};

}  // namespace

std::string_view cause_name(Cause cause) { return names[static_cast<std::size_t>(cause)].name; }
std::string_view cause_words(Cause cause, bool japanese) {
  const auto& named = names[static_cast<std::size_t>(cause)];
  return japanese ? named.japanese : named.english;
}
std::optional<Cause> parse_cause(std::string_view name) {
  for (std::size_t n = 0; n < causes; ++n)
    if (names[n].name == name) return static_cast<Cause>(n);
  return std::nullopt;
}

void CauseClock::spend(WallTime now, const std::vector<CausedPause>& pauses) {
  if (now <= mark_) return;
  Pauses counted;  // whose time is somebody's already
  for (const auto& pause : pauses) {
    const auto before = covered(counted, mark_, now);
    counted.emplace_back(pause.from, pause.until);
    const auto more = std::chrono::duration_cast<Micros>(covered(counted, mark_, now) - before);
    add(pause.cause, more);
  }
  add(running_, now - mark_ - std::chrono::duration_cast<Micros>(covered(std::move(counted), mark_, now)));
  mark_ = now;
}

void CauseClock::append(const CauseClock& later) {
  spend(later.since_);
  if (later.mark_ <= mark_) return;
  // A step of the clock between them: what is too much is taken from the causes in their order.
  Micros too_much = mark_ - later.since_;
  for (std::size_t n = 0; n < causes; ++n) {
    const auto cut = std::min(std::max(too_much, Micros{}), later.spent_[n]);
    spent_[n] += later.spent_[n] - cut;
    too_much -= cut;
  }
  mark_ = later.mark_;
  running_ = later.running_;
}

CauseClock CauseClock::of_parts(WallTime since, const std::array<Micros, causes>& parts, Cause running) {
  CauseClock clock(since, running);
  clock.spent_ = parts;
  for (auto& part : clock.spent_) part = std::max(part, Micros{});
  clock.mark_ = since + clock.total();
  return clock;
}

CauseClock joined(WallTime accepted_at, std::vector<CauseClock> stretches) {
  std::ranges::sort(stretches, {}, &CauseClock::since);
  CauseClock whole(accepted_at, Cause::Intake);
  for (const auto& stretch : stretches) {
    whole.append(stretch);
    whole.turn(Cause::Schedule, whole.until());
  }
  return whole;
}

CauseClock::Micros CauseClock::total() const {
  Micros sum{};
  for (const auto time : spent_) sum += time;
  return sum;
}

}  // namespace hikyaku::delivery
