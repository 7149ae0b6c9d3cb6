// DeferredIndex: which deferred recipients wait for which instant, in memory over the spool's records. A destination
// known to be down is *gated*: whatever waits for it, it costs one timer, and when the gate opens one recipient goes as
// a probe; the rest follows when the probe succeeded. O(log n) an operation, about 85 octets a recipient. An entry waits for
// one destination at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "mail/trace_id.h"
#include "services/delivery/schedule/newcomers.h"
#include "services/delivery/timer_order.h"
#include "services/spool/column.h"
#include "services/spool/slot_index.h"

namespace hikyaku::delivery {

struct DeferredEntry {
  TraceId message;
  std::uint32_t recipient = 0;
  friend auto operator<=>(const DeferredEntry&, const DeferredEntry&) = default;
};

class DeferredIndex {
 public:
  // Replaces what was known of the entry. `give_up_at`: when its period is over, should nothing change.
  void add(const std::string& destination, DeferredEntry entry, WallTime due, WallTime give_up_at = WallTime::max(), std::int8_t priority = 0);
  // Another time for an entry that waits there, all else as it is.
  void set_due(const std::string& destination, DeferredEntry entry, WallTime due);
  void remove(const std::string& destination, DeferredEntry entry);
  // Of one that waits; 0: it does not.
  [[nodiscard]] std::int8_t priority_of(DeferredEntry entry) const;
  // As it was added; WallTime::max() of one that does not wait.
  [[nodiscard]] WallTime end_of(DeferredEntry entry) const;
  // Whichever destination it waits for.
  [[nodiscard]] bool waits(DeferredEntry entry) const { return slot_of(entry) != none; }
  [[nodiscard]] bool contains(const std::string& destination, DeferredEntry entry) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t waiting_for(const std::string& destination) const;

  [[nodiscard]] std::vector<std::string> destinations() const;
  // Those that came, or came again, since the last call.
  [[nodiscard]] Newcomers::Taken take_newcomers() { return newcomers_.take(); }

  // When to call take_due() next; nothing waits: nullopt.
  [[nodiscard]] std::optional<WallTime> next_due() const;
  struct Due {
    std::string destination;
    DeferredEntry entry;
    WallTime due{}, give_up_at{};  // as added, so that what was not tried after all can be put back
    std::int8_t priority = 0;
  };
  // Removes and returns at most `limit` entries whose time has come, earliest destinations first; one only from a gated
  // destination, which then stays closed until gate() or ungate().
  [[nodiscard]] std::vector<Due> take_due(WallTime now, std::size_t limit);

  // Nothing of the destination is due before `until`. Creates the destination.
  void gate(const std::string& destination, WallTime until);
  // The destination answers: everything due goes.
  void ungate(const std::string& destination);
  [[nodiscard]] bool gated(const std::string& destination) const;
  // When a gated destination is asked next: at its gate, or, where nothing is due by then, when the first of those that wait is. Nothing: it is not gated.
  [[nodiscard]] std::optional<WallTime> next_probe_of(const std::string& destination) const;

  // Brings a gate forward, unless a probe is under way.
  void open_gate_by(const std::string& destination, WallTime until);

  // Removes and returns the entries whose period is over: a failed probe was the last attempt of them all.
  [[nodiscard]] std::vector<Due> take_expired(const std::string& destination, WallTime now);
  // When the first period of those that wait is over, so that the last attempt can be made then; nothing waits: nullopt.
  [[nodiscard]] std::optional<WallTime> first_end(const std::string& destination) const;

  // Where the release of a destination's backlog has come to, at each priority in the order of the ends of periods: oldest
  // first. The urgent go before others, but for every ninth (urgent_before_older).
  struct ReleaseCursor {
    std::map<std::int8_t, std::pair<WallTime, DeferredEntry>> at;
    unsigned overtaken = 0;
    void reset() { at.clear(), overtaken = 0; }
  };
  // All: or those alone whose period ends, whom an attempt more brings no nearer to their end.
  enum class Which : std::uint8_t { All, Timed };
  // Removes and returns at most `limit` entries behind the cursor, whatever their due time and gate, and moves it. An entry
  // that failed again and came back is before the cursor: nobody is released twice. Empty: the release is over.
  [[nodiscard]] std::vector<Due> take_oldest(const std::string& destination, ReleaseCursor& cursor, std::size_t limit, Which which = Which::All);

 private:
  using Slot = std::uint32_t;
  using Number = std::uint32_t;  // of a destination
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Destination {
    std::string name;
    TimerOrder by_time;
    std::map<std::int8_t, TimerOrder, std::greater<>> by_end;  // of periods, at each priority; none is empty
    std::optional<WallTime> gate;
    bool probing = false;
    std::optional<WallTime> timer;  // its place in timers_
  };
  // An entry and, while nobody has the slot, the next free slot in `destination`.
  struct Waiting {
    DeferredEntry entry;
    Number destination = none;
    std::int8_t priority = 0;
    WallTime due{}, give_up_at{};
  };

  [[nodiscard]] Slot slot_of(const DeferredEntry& entry) const;
  [[nodiscard]] Destination* find(const std::string& name) const;
  Number number_for(const std::string& name);
  [[nodiscard]] Due due_of(Slot slot) const;
  // Forgets one entry; its destination's timer is for the caller to set.
  void take_out(Slot slot);
  void reset_timer(Number number);
  [[nodiscard]] std::optional<TimerOrder::Item> next_released(const TimerOrder& order, std::int8_t priority, const ReleaseCursor& cursor) const;
  [[nodiscard]] auto by_entry() const {
    return [this](Slot a, Slot b) { return waiting_[a].entry < waiting_[b].entry; };
  }

  spool::Column<Waiting> waiting_;
  Slot slots_ = 0, free_slot_ = none;
  spool::SlotIndex index_;
  std::unordered_map<std::string, Number> numbers_;
  std::vector<std::unique_ptr<Destination>> destinations_;  // by number; null: nobody's
  std::vector<Number> free_numbers_;
  std::set<std::pair<WallTime, Number>> timers_;
  Newcomers newcomers_;
  std::size_t size_ = 0;
};

}  // namespace hikyaku::delivery
