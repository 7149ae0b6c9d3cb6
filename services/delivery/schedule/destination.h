// Destination: what is known of one next hop or MX set, shared by all mail for it: whether it answers, how many
// connections it bears, and on what evidence. Pure: told what happened, it says how many deliveries may run.
//
// The limit grows with every success (by one each while it starts, later by one for each round of results) and halves on
// evidence of haste, at most once for each round, so that one burst of refusals is one piece of evidence. A connection that is
// turned away while others stand says more: how many it bears. That is remembered as a ceiling, and beyond it one more is
// asked for now and then, less and less often while the answer is the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {

enum class Health : std::uint8_t {
  Healthy,
  Throttled,    // it bears less than its settings allow: fewer connections on evidence
  Greylisting,  // its door is shut until we come back; a few messages are there to open it
  Down,         // nothing answers: one timer and one probe, whatever waits
  Held,         // by the operator: no attempt, and every clock of its mail stands still
};
[[nodiscard]] std::string_view health_name(Health health);
[[nodiscard]] std::string_view health_words(Health health, bool japanese);

// Why a destination is in its state.
struct Evidence {
  WallTime at{};
  FailureClass failure = FailureClass::Transient;
  std::string words;  // the peer's reply, or our sentence
  std::string host;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

class Destination {
 public:
  static constexpr std::uint32_t first_limit = 5;  // deliveries at once to a destination that nobody knows yet
  // Between two tries of one connection above the ceiling.
  static constexpr Duration first_wait = std::chrono::seconds{2}, longest_wait = std::chrono::minutes{15};

  // From the settings; counts at once.
  void set_most(std::uint32_t most);
  // Deliveries that may run now; 0: none (held, down but for its probe).
  [[nodiscard]] std::uint32_t limit() const;
  [[nodiscard]] Health health() const;
  [[nodiscard]] WallTime since() const { return since_; }
  [[nodiscard]] const std::optional<Evidence>& evidence() const { return evidence_; }

  // A session was opened (`took`: zero), or a message taken or refused in good order, `took` after we began.
  enum class Was : std::uint8_t { Up, Down };  // Down: it answers again
  Was answered(WallTime now, Duration took);
  // A connection came about, the `standing`-th of those that are at work. Told before answered().
  void connected(WallTime now, std::uint32_t standing);
  // A connection did not come about, or was met by a 4xx, while `others` stand or are being made. With others it is one too many;
  // with none, or when that goes on, nothing answers: it is down.
  enum class Setback : std::uint8_t { TurnedAway, Down };
  Setback turned_away(WallTime now, Evidence evidence, std::uint32_t others);
  // How many it bears, as far as that was learned.
  [[nodiscard]] std::optional<std::uint32_t> ceiling() const { return ceiling_; }
  // The limit is one above the ceiling now, to find out whether it bears more.
  [[nodiscard]] bool asks_for_more() const { return asks_for_more_ && !down_ && !held_until_; }
  // Somebody wants it tried again though nothing answered: up, from one delivery on, and unproven until it does answer.
  void forget_silence(WallTime now);
  // "Too many connections": fewer.
  void too_fast(WallTime now, Evidence evidence);
  // Nobody could speak with it for a cause that says nothing about their number (DNS, TLS). While other sessions with it are
  // alive that means too many; with none it is down. True: it is down now.
  bool silent(WallTime now, Evidence evidence, std::uint32_t sessions_alive);
  [[nodiscard]] std::uint32_t failures() const { return failures_; }  // in a row
  [[nodiscard]] bool down() const { return down_; }
  [[nodiscard]] bool proven() const { return proven_ && !down_; }  // it has answered, and has not fallen silent since
  // A transaction came to its end, whatever that was.
  void served() { served_ = true; }
  // One has since it fell silent last: it does not only take connections.
  [[nodiscard]] bool serves() const { return served_ && !down_; }
  [[nodiscard]] Duration usual() const { return usual_; }  // of a transaction, smoothed; zero: not known

  // The door of a greylist is shut until `until`, as far as we know.
  void door_shut(WallTime now, WallTime until, Evidence evidence);
  void door_open(WallTime now);
  [[nodiscard]] std::optional<WallTime> door() const { return door_; }

  void hold(WallTime now, WallTime until, std::string reason);  // until: WallTime::max(): until released
  void release_hold(WallTime now);
  [[nodiscard]] std::optional<WallTime> held_until() const { return held_until_; }

 private:
  void cut(WallTime now);
  void start_slowly(WallTime now);
  void learn_ceiling(WallTime now, std::uint32_t bears);
  void grow(WallTime now);
  [[nodiscard]] std::uint32_t most_known() const { return ceiling_.value_or(most_); }
  [[nodiscard]] bool goes_on(WallTime now, Evidence evidence, std::uint32_t others);
  void enter(WallTime now);

  std::uint32_t most_ = 20;
  double limit_ = first_limit, threshold_ = 1e9;
  std::uint32_t since_cut_ = 1'000'000;  // results
  std::uint32_t failures_ = 0, limit_before_ = first_limit;  // in a row; the limit when it began
  bool down_ = false, throttled_ = false, proven_ = false, served_ = false;
  double before_cut_ = 0;
  std::optional<std::uint32_t> ceiling_, ceiling_before_;  // before_: the present row of failures
  bool learned_in_row_ = false, asks_for_more_ = false;    // asks: the limit is one above the ceiling
  Duration wait_{};                                        // after the newest refusal; zero: none since it last bore more
  WallTime refused_at_{}, ask_at_{};
  Duration usual_{};  // of a success, smoothed: what is slow is slow compared with this
  std::optional<WallTime> door_, held_until_;
  std::optional<Evidence> evidence_;
  WallTime since_{};
  Health shown_ = Health::Healthy;
};

}  // namespace hikyaku::delivery
