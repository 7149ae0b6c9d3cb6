// What `hikyaku why` asks a running delivery: where the recipients of a message are, or what a domain's mail waits for.
// Plain values, and their form on the wire (queue_protocol.h carries them).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/wire.h"
#include "services/delivery/lanes.h"
#include "services/delivery/queue.h"
#include "services/delivery/why/cause_clock.h"

namespace hikyaku::delivery {

// Who owns a recipient at this moment.
enum class Place : std::uint8_t {
  Unknown,   // deliver is stopped, or it changes places just now
  Incoming,  // accepted, not taken up yet
  Lane,      // waits for a slot
  Slot,      // is worked on
  Timer,     // deferred: waits for its time
  Mailbox,   // waits for, or is being put into, a mailbox here
};
[[nodiscard]] std::string_view place_name(Place place);
[[nodiscard]] std::string_view place_words(Place place, bool japanese);

struct RecipientNow {
  QueueItem item;
  Place place = Place::Unknown;
  CauseClock spent;  // since its last attempt or acceptance, until now; what runs is what it waits for
};

// What the state of a destination stands on.
enum class Knowledge : std::uint8_t {
  Nothing,   // no mail has gone there lately, or never: it is not known, and not healthy
  Untested,  // mail goes there and nothing has answered yet
  Evidence,
};

// One destination, as the scheduler knows it.
struct DestinationNow {
  std::string key;
  Knowledge known = Knowledge::Nothing;
  std::uint8_t health = 0;  // schedule/destination.h's Health
  WallTime since{};
  // The evidence for its state; at: zero, there is none.
  WallTime evidence_at{};
  std::uint8_t evidence_class = 0;
  std::string evidence_words, evidence_host;
  std::uint32_t limit = 0, most = 0, in_use = 0;  // deliveries at once: borne now, by the settings, running
  std::uint64_t fresh = 0, retry = 0, deferred = 0;
  Cause fresh_waits_for = Cause::Slot;
  std::optional<WallTime> next_probe;
  std::optional<Duration> greylist_wait, drained_in;
  Cause running_longest = Cause::Slot;  // of what runs now: for what it waits
  Duration runs_for{};                  // and for how long in all
  std::string trouble;                  // of our own store, for mailboxes here; empty: none lately
};

struct ServerNow {
  LaneLimits lanes;
  std::uint32_t fresh_in_use = 0, retry_in_use = 0;
  std::uint64_t fresh_waiting = 0, retry_waiting = 0;
  std::optional<WallTime> dns_trouble_since;  // no name server answers for anybody
};

struct WhyAnswer {
  std::vector<RecipientNow> recipients;      // of the message, or examples of the domain's
  std::vector<DestinationNow> destinations;  // of those, or of the domain
  std::vector<DestinationSummary> deferred;  // of the domain, most recipients first
  std::optional<ServerNow> server;           // nothing: deliver is stopped
};

void put(WireWriter& out, const CauseClock& clock);
[[nodiscard]] CauseClock get_cause_clock(WireReader& in);
void put(WireWriter& out, const DestinationNow& one);
[[nodiscard]] DestinationNow get_destination_now(WireReader& in);
void put(WireWriter& out, const ServerNow& one);
[[nodiscard]] ServerNow get_server_now(WireReader& in);

}  // namespace hikyaku::delivery
