// What would help: from everything that is known of a message or a destination to sentences an operator can act on, the
// most useful first. Pure: it looks at facts that others gathered, and says the same for the same facts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/delivery/schedule/destination.h"
#include "services/delivery/why/why_view.h"

namespace hikyaku::delivery {

// What asking DNS just now has shown of the domain, or of the hosts its route names.
enum class DnsFinding : std::uint8_t {
  NotAsked,
  Fine,       // there are addresses to go to
  Silent,     // no usable answer
  NoDomain,   // the name does not exist
  NoAddress,  // MX hosts or the route's hosts without an address
  NullMx,     // it takes no mail (RFC 7505)
  Ourselves,  // its MX is this server, which does not know the domain
};

// A record of ours that receivers look at (policy_check.h).
enum class PolicyRecord : std::uint8_t { Spf, Dkim, Dmarc, Ptr, Helo };
[[nodiscard]] std::string_view record_name(PolicyRecord record);
enum class RecordState : std::uint8_t {
  Good,
  Missing,
  Wrong,       // it is there and says something else than we do
  Unknown,     // DNS gave no usable answer
  NotChecked,  // nothing says what to look for
};
[[nodiscard]] std::string_view state_name(RecordState state);
struct PolicyFinding {
  PolicyRecord record = PolicyRecord::Spf;
  RecordState state = RecordState::Unknown;
  std::string english, japanese;  // one sentence
};

// Mail that an operator sent another way than its own.
struct Redirection {
  std::string to;      // "relay.example:25", or an address
  std::string by;      // whose command it was; of a hold: its reason
  WallTime at{};       // when it was given; of a hold: its start. None: what the queue knows of this very mail, by whom is not known
  std::uint64_t hold = 0;        // 0: by a command
  std::uint64_t recipients = 0;  // of a command: how many
};

// Why RCPT refuses the address that was asked for.
enum class AddressTrouble : std::uint8_t {
  None,
  NoAccount,  // neither account nor alias nor list of our domain
  ToNobody,   // its alias has no target that can be delivered to
  Disabled,   // its account is
  NotListed,  // no user of a relay domain whose list counts
};

struct WhyFacts {
  WallTime now{};
  std::string subject;      // the domain, or the recipient
  std::string destination;  // key of the lane; empty: not known
  // Of a domain: the address of it that was asked for. Empty: the domain itself was.
  std::string address;
  AddressTrouble address_trouble = AddressTrouble::None;
  bool routed = false;      // its hosts come from the route table or the gateway
  // Nothing of `server`: deliver does not run; by whom and since when, where that is known.
  std::optional<ServerNow> server;
  std::string stopped_by, stopped_since;
  std::optional<DestinationNow> state;
  // A hold that keeps it: "3 (the server is rebuilt)"; empty: none.
  std::string hold;
  std::uint64_t hold_id = 0;
  std::optional<Redirection> redirected;
  // The last attempt at the destination that the logs of the days that were searched tell of.
  std::optional<WallTime> last_tried;
  unsigned days_searched = 0;
  // The last failed attempt, if none succeeded since.
  std::optional<FailureClass> failure;
  std::string reply, reply_host;  // the words verbatim
  std::uint32_t attempts = 0;
  std::optional<WallTime> next_try, gives_up;
  // Of a domain it is the newest that had its end; others may wait, and `reply` is then theirs.
  bool given_up = false;
  std::string given_up_recipient, given_up_reply;
  std::string account;  // the mailbox here that it goes to, or of many the full one
  bool delivered = false;    // the message, or the last one of the domain
  std::uint64_t waiting = 0;  // recipients deferred or in a lane
  std::optional<Place> place;          // of the message
  std::optional<CauseClock> spent;     // its whole time
  DnsFinding dns = DnsFinding::NotAsked;
  std::string dns_words;
  std::string disk_trouble;  // of our own, lately
  std::vector<PolicyFinding> policy;
};

enum class Advice : std::uint8_t {
  Nothing, Start, Release, Disk, DnsServers, DnsRecords, Route, PeerDown, SlowPeer, Greylist, Tls, Policy, Mailbox, Recipient,
  Limit, Throttled, Slots, PeerSaysLater, PeerRefuses, Wait, Redirected,
};
[[nodiscard]] std::string_view advice_name(Advice advice);  // "greylist": in JSON

struct Suggestion {
  Advice advice = Advice::Nothing;
  std::string english, japanese;
};
// Never empty; the first is what to do first.
[[nodiscard]] std::vector<Suggestion> diagnose(const WhyFacts& facts);
// "nothing is known of it: no mail has gone there since 2026-11-22 09:00"; of mailboxes here what they are, which is always
// known; empty: its state stands on evidence.
[[nodiscard]] std::string unknown_state_text(const WhyFacts& facts, bool japanese);
// "5 min" / 「5 分」.
[[nodiscard]] std::string time_text(Duration time, bool japanese);

}  // namespace hikyaku::delivery
