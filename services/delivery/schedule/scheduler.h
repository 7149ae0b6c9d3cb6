// Scheduler: what is tried when, and by whom; the pure heart of delivery. It owns the lanes (what waits for a slot), the
// deferred index (what waits for its time), what is known of each destination, and the claims of what is under way, so
// that every recipient is in exactly one of them. It is told the time and what happened; Delivery carries out, and a
// simulator can.
//
// Memory: a message beyond its destination's share of the window is parked: 150 octets until its turn comes; beyond the
// lanes' room it goes to holding untried.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/delivery/attempt.h"
#include "services/delivery/deferred_index.h"
#include "services/delivery/lanes.h"
#include "services/delivery/next_hop.h"
#include "services/delivery/schedule/destination.h"
#include "services/delivery/schedule/greylist.h"
#include "services/delivery/schedule/mailing_meter.h"
#include "services/delivery/schedule/retry_table.h"

namespace hikyaku::delivery {

// Where mail waits that its sender wants released later (RFC 4865): no destination, and no lane is for it.
inline constexpr std::string_view release_key = "future-release";
// That place, or where chosen mail waits under a hold: whoever comes from there is planned anew.
[[nodiscard]] bool is_set_apart(std::string_view key);

// Some recipients of one message for one destination.
struct RemoteJob {
  spool::MessageRef ref;
  std::vector<std::uint32_t> recipients;
  MessagePointer message;  // null: parked, to be read back
  NextHop hop;             // not known while parked and deferred
  std::vector<DeferredIndex::Due> from;  // deferred and not tried yet: their times, to be put back
  std::chrono::milliseconds looked_up{};  // how long it waited for its domain's MX hosts before it came to its lane
  std::int8_t priority = 0;
  std::vector<DeferredIndex::Due> read_from;     // `from`, once its message is read: what it is again when it is taken back
  std::uint8_t turned_away = 0;                  // how often its connection was one too many
  std::shared_ptr<const CauseClock> spent = {};  // until it was turned away last
};

struct SchedulerSettings {
  LaneLimits lanes;
  RetryTable retry;
  std::vector<LimitRow> limits;
  SourceLimits sources;
  std::size_t window_messages = 10'000;  // in memory, of each lane
  std::size_t most_waiting = 500'000;    // jobs in the fresh lane
  friend bool operator==(const SchedulerSettings&, const SchedulerSettings&) = default;
};

class Scheduler {
 public:
  using Slot = Lanes<RemoteJob>::Slot;
  static constexpr std::uint32_t openers = 3;  // messages that go to a greylist's shut door
  static constexpr std::uint8_t most_turned_away = 3;  // times; the next one is an attempt

  // Said each second. Costs the number of known destinations if anything changed.
  void configure(SchedulerSettings settings);
  [[nodiscard]] const SchedulerSettings& settings() const { return settings_; }

  // ---- what waits for a slot
  enum class Admission : std::uint8_t {
    Queued,
    Down,  // nothing answers there: defer it with last_failure(), untried
    Full,  // too much waits already: defer it untried, without counting an attempt
  };
  // `in_memory`: messages of the lane held now. Not queued: the job is the caller's still. Its recipients are claimed.
  Admission admit(Lane lane, const std::string& key, RemoteJob& job, std::size_t in_memory, WallTime now);
  // A recipient's domain, which limits may name: of what comes from the index it is known when its message is read back.
  void names_domain(const std::string& key, const std::string& domain);
  // The rest of a job that was too large for one transaction.
  void add_rest(const Slot& slot, RemoteJob rest);
  // The time, for what follows: each job is told what it waited for (Slot::waited).
  void at(WallTime now) { lanes_.at(now); }
  [[nodiscard]] std::optional<Slot> next() { return lanes_.next(); }
  [[nodiscard]] std::optional<RemoteJob> take(Slot& slot) { return lanes_.take_job(slot); }
  void release(const Slot& slot, WallTime now);
  // The job's connection was one too many: it waits again, the first of its lane, as if nobody had tried; the slot is to be
  // released. False: that was so too often, and it counts as an attempt.
  [[nodiscard]] bool take_back(const Slot& slot, RemoteJob& job);
  // Connections that there may be to the destination now.
  [[nodiscard]] std::uint32_t connections_of(const std::string& key) const;
  // What waits for the destination's slots, to be planned again; their recipients stay claimed. What was deferred before and
  // not tried yet goes back to its times instead.
  [[nodiscard]] std::vector<std::pair<Lane, RemoteJob>> unqueue(const std::string& key);
  // Takes recipients that wait for slots away, as `leave` says of each job, who must change nothing else. Walks over the lanes.
  void leave_lanes(const std::function<void(const RemoteJob&, std::vector<std::uint32_t>&)>& leave);
  [[nodiscard]] std::uint32_t slots_in_use() const { return lanes_.used(Lane::Fresh) + lanes_.used(Lane::Retry); }
  [[nodiscard]] std::size_t waiting(Lane lane) const { return lanes_.waiting(lane); }
  [[nodiscard]] bool is_crowded(Lane lane) const { return lanes_.is_crowded(lane); }
  [[nodiscard]] std::uint32_t slots_of(Lane lane) const { return lanes_.share(lane); }

  // ---- what waits for its time
  // Ends the claim. Where nothing answers and its period ends before the next probe, that comes then: it is its last attempt.
  void defer(const std::string& key, DeferredEntry entry, WallTime due, WallTime give_up_at, std::int8_t priority);
  // Takes what is due, or released, into the retry lanes. True: there is more.
  bool feed(WallTime now);
  // Who was set apart and may go since the last call, a few thousand at most: the others wait in the index until these are
  // taken. They are claimed.
  [[nodiscard]] std::vector<DeferredEntry> take_released();
  [[nodiscard]] bool has_released() const { return !released_.empty(); }
  [[nodiscard]] std::optional<WallTime> next_time() const { return deferred_.next_due(); }
  [[nodiscard]] DeferredIndex& deferred() { return deferred_; }
  [[nodiscard]] const DeferredIndex& deferred() const { return deferred_; }
  // The operator wants it now: what was known against the destination is forgotten. Those under way stay so.
  void due_now(const std::string& key, DeferredEntry entry, WallTime now);
  // A stranger's wish for what waits for the destination: its backlog is released as if it answered again, but for what has no
  // end by time. That is limited by a count of attempts, which no wish may use up, or was not tried yet and comes soon.
  void flush(const std::string& key, WallTime now);
  // Every second or so: doors that nobody opened, shut times that are over, what nobody needs any more. Costs those, not all.
  void tend(WallTime now);

  // ---- what happened
  enum class Session : std::uint8_t { New, Kept };
  void session_opened(const std::string& key, WallTime now, Session session = Session::New);
  void session_closed(const std::string& key);
  enum class Setback : std::uint8_t {
    Counts,      // an attempt like others
    TurnedAway,  // one connection too many: take_back()
    Down,        // the destination is down; `untried` is fresh mail that waited for it, to be deferred with `failed` without an attempt
  };
  // No session came about, while `others` stood or were being opened.
  Setback session_failed(const std::string& key, const Attempt& failed, WallTime now, std::uint32_t others, std::vector<RemoteJob>& untried);
  // After that: those whose period is over as far as their timers know, claimed. What was no attempt of theirs counts as none:
  // who is not to be given up by it after all is deferred again.
  [[nodiscard]] std::vector<DeferredIndex::Due> take_expired(const std::string& key, WallTime now);
  // A transaction is over.
  void concluded(const std::string& key, const Message& message, const std::vector<Attempt>& attempts, Duration took, WallTime now);
  // It has run for long and goes on: a tarpit.
  void runs_long(const std::string& key);
  [[nodiscard]] const Attempt* last_failure(const std::string& key) const;
  // Nothing of the destination is tried before `until`: our own trouble, nobody's failure.
  void pause(const std::string& key, WallTime until, Cause cause = Cause::Dns);
  // The probe of a destination that is down went elsewhere or is gone.
  void probe_is_gone(const std::string& key);

  // ---- holds
  void hold(const std::string& key, WallTime now, WallTime until, std::string reason);
  void release_hold(const std::string& key, WallTime now);
  // How much of the time the destination was held, as far as holds were told: the clocks of its mail stood still.
  // `paused` tells how much of a time is a pause anyway; that is not counted here.
  using Paused = std::function<Duration(WallTime from, WallTime until)>;
  [[nodiscard]] Duration held_between(const std::string& key, WallTime from, WallTime until, const Paused& paused) const;
  // A hold of an earlier life, or the part of one that other pauses do not count already.
  void was_held(const std::string& key, WallTime from, WallTime until);

  // ---- greylists
  // When the attempt's recipient should come back; nothing: by the rules.
  [[nodiscard]] std::optional<Duration> wait_for(const std::string& key, const Attempt& attempt, Duration elapsed, WallTime now);
  // The MX host that must see us again; empty: any.
  [[nodiscard]] std::string preferred_host(const std::string& key) const;
  [[nodiscard]] GreylistMemory& greylists() { return greylists_; }

  // ---- who owns a recipient: the deferred index, or a claim (of a lane, or of what is under way). Exactly one of them.
  void claim(const TraceId& id, std::uint32_t recipient) { claims_.insert({id, recipient}); }
  void disclaim(const TraceId& id, std::uint32_t recipient) { claims_.erase({id, recipient}); }
  [[nodiscard]] bool claimed(DeferredEntry entry) const { return claims_.contains(entry); }
  [[nodiscard]] bool owns(const std::string& key, DeferredEntry entry) const;
  [[nodiscard]] std::size_t claims() const { return claims_.size(); }
  struct Ownership {
    std::vector<DeferredEntry> twice, unclaimed;  // both empty: all is well
  };
  // Walks over the lanes.
  [[nodiscard]] Ownership check_ownership() const;

  // ---- what the operator sees
  // What the recipient's job has waited for in its lane; nothing: it is in none of this destination. Walks over its lanes.
  struct InLane {
    Lane lane;
    LaneWait waited;
    Cause now;  // what it waits for
  };
  [[nodiscard]] std::optional<InLane> in_lane(const std::string& key, DeferredEntry entry) const;
  [[nodiscard]] const Lanes<RemoteJob>& lanes() const { return lanes_; }
  struct View {
    std::string key;
    Health health = Health::Healthy;
    WallTime since{};
    std::optional<Evidence> evidence;
    std::uint32_t limit = 0, most = 0, in_use = 0, failures = 0;
    std::size_t fresh = 0, retry = 0, deferred = 0;
    bool proven = false;  // it answered, and has not fallen silent since
    std::optional<WallTime> next_probe;
    std::optional<Duration> greylist_wait, drained_in;  // at the rate since the release began; its backlog
  };
  [[nodiscard]] std::optional<View> view(const std::string& key, WallTime now) const;
  [[nodiscard]] std::vector<std::string> destinations() const;  // known, not those where mail only waits for its time
  // Of both, those that came since the last call; one that was forgotten comes again.
  [[nodiscard]] Newcomers::Taken take_newcomers();
  // Next hops of the route table that are down, by name; held ones too. Costs the number of those that were since the last call.
  [[nodiscard]] std::vector<std::string> silent_hosts();
  [[nodiscard]] Health health(const std::string& key) const;

 private:
  struct Known {
    Destination state;
    std::string domain;  // of the first recipient: rules may name it
    std::uint32_t sessions = 0;
    std::optional<Attempt> last;
    std::uint32_t at_door = 0;
    std::optional<WallTime> last_pass, learner_until, paused_until;
    bool runs_long = false;  // a transaction of it does, or the last one did
    bool releasing = false, full = false;  // full: its retry lane is; the index keeps the rest
    DeferredIndex::ReleaseCursor cursor;
    DeferredIndex::Which released_are = DeferredIndex::Which::All;
    std::size_t backlog = 0;  // when its release began; until that is over
    WallTime released_since{}, used{};
    std::optional<WallTime> look;  // its place in looks_; always there outside of tend()
  };
  static constexpr std::size_t least_share = 50;  // jobs any destination may have waiting, whatever the others have
  Known& know(const std::string& key, WallTime now);
  void apply(const std::string& key, Known& known);
  // For tend(): when a time of it is set that may be sooner.
  void set_look(const std::string& key, Known& known, WallTime now);
  void look_after(const std::string& key, Known& known, WallTime now);
  [[nodiscard]] bool is_forgettable(const std::string& key, const Known& known, WallTime now) const;
  [[nodiscard]] std::uint32_t most_for(const std::string& key, const std::string& domain) const;
  [[nodiscard]] std::size_t retry_room(const std::string& key) const;
  void queue_due(const std::vector<DeferredIndex::Due>& due);
  void put_back(const RemoteJob& job);
  void add_back(const std::string& key, RemoteJob job);  // to its retry lane
  void gate(const std::string& key, const Known& known, WallTime now);
  void begin_release(const std::string& key, Known& known, WallTime now, DeferredIndex::Which which = DeferredIndex::Which::All);
  bool feed_release(const std::string& key, Known& known);
  void take_greylist_evidence(const std::string& key, Known& known, const Attempt& attempt, const spool::Schedule* before, WallTime now);
  void door_opened(const std::string& key, Known& known, WallTime now);

  struct EntryHash {
    std::size_t operator()(const DeferredEntry& entry) const noexcept { return std::hash<TraceId>{}(entry.message) * 31 + entry.recipient; }
  };
  SchedulerSettings settings_;
  Lanes<RemoteJob> lanes_;
  DeferredIndex deferred_;
  std::unordered_map<std::string, Known> known_;
  std::set<std::pair<WallTime, std::string>> looks_;  // each of those known once, by when to look after it
  std::set<std::string> full_;                        // and some that were
  Newcomers newcomers_;
  std::set<std::string> silent_hosts_;  // and some that were
  std::vector<std::string> releasing_;
  std::vector<DeferredEntry> released_;
  std::set<std::string> apart_;  // places they come from, shut while too many of them wait to be taken
  std::unordered_map<std::string, std::vector<std::pair<WallTime, WallTime>>> holds_;  // that are over
  GreylistMemory greylists_;
  MailingMeter mailings_;
  std::unordered_set<DeferredEntry, EntryHash> claims_;
};

}  // namespace hikyaku::delivery
