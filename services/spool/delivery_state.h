// DeliveryState: what the delivery log says, in memory: which recipients of unreleased incoming messages are settled
// (SettledIncoming), and every message in holding with its open recipients (HeldTable). Changed only by applying records
// of the log, so that a replay gives the same state. The two halves know nothing of each other: at a start the first is
// read before fresh mail is taken, the second beside it. Not thread-safe: DeliveryLog locks it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/spool/held_table.h"
#include "services/spool/message.h"

namespace hikyaku::spool {

// ---- records of the log -------------------------------------------------------------------------------------------

struct OutcomeRecord {  // final ends of recipients of one message
  MessageRef message;
  std::vector<RecipientOutcome> outcomes;
};
struct DeferredRecord {  // recipients to be tried again; of an incoming message: settled there by this
  MessageRef message;
  std::vector<Schedule> recipients;
  std::vector<RecipientKeys> keys = {};  // of each; empty, or one not given: known before
};
struct HoldingRecord {  // a text is in holding now, or (compaction) at another place there
  TraceId id;
  storage::Position at;
  std::uint64_t octets = 0;  // what it costs of its segment
  bool blob = false;
  std::optional<MessageFacts> facts = {};  // with its first place; versions before 0.2 gave none
};
struct GeneratedRecord {  // mail of ours, its text in holding: all recipients wait for their first attempt
  HoldingRecord text;
  std::uint32_t recipients = 0;
  std::vector<RecipientKeys> keys = {};  // of each, or empty
};
struct ReleasedRecord {  // an incoming segment was given back
  std::uint16_t journal = 0;
  storage::SegmentNumber segment;
};
struct ToldRecord {  // recipients before their first attempt, of whom their sender was told by a mail of the same group
  MessageRef message;
  std::vector<std::uint32_t> recipients;
  std::uint8_t bits = 0;  // of told_bits
};
using LogRecord = std::variant<OutcomeRecord, DeferredRecord, HoldingRecord, GeneratedRecord, ReleasedRecord, ToldRecord>;

[[nodiscard]] std::string encode(const LogRecord& record);
// Nothing when it is not well formed.
[[nodiscard]] std::optional<LogRecord> decode_log_record(std::string_view octets);

// ---- the state ----------------------------------------------------------------------------------------------------

enum class Settled : std::uint8_t {
  Final,
  Lazy,        // by a lazy mailbox copy in this process
  LazyBefore,  // by one of an earlier process: to be verified
};

// Which half of the state a record can change.
[[nodiscard]] bool concerns_incoming(const LogRecord& record);
[[nodiscard]] bool concerns_holding(const LogRecord& record);
// The same for an encoded record, without understanding more of it than needed; true when in doubt.
[[nodiscard]] bool may_concern_incoming(std::string_view octets);

class SettledIncoming {
 public:
  void apply(const LogRecord& record);

  [[nodiscard]] std::optional<Settled> settled(std::uint16_t journal, storage::Position at, std::uint32_t recipient) const;
  // Takes those away, of ascending ones in one segment, that settled() says something of; all when it was released.
  void drop_settled(std::uint16_t journal, storage::SegmentNumber segment, std::vector<RecordRecipient>& recipients) const;
  [[nodiscard]] bool released(std::uint16_t journal, storage::SegmentNumber segment) const;
  // What the sender was told of the recipient before its first attempt.
  [[nodiscard]] std::uint8_t told(std::uint16_t journal, storage::Position at, std::uint32_t recipient) const;
  // Accounts with lazy copies from the segment.
  [[nodiscard]] std::vector<std::string> fed_accounts(std::uint16_t journal, storage::SegmentNumber segment) const;
  // After a replay: lazy copies are of an earlier process now.
  void start_new_life();
  // All of it as log records, each at most a few hundred octets larger than what it tells.
  void for_each_record(const std::function<void(const LogRecord&)>& visit) const;

 private:
  struct SettledRecipient {
    std::uint32_t recipient;
    Settled how;
    std::string account;
  };
  using Segments = std::map<storage::SegmentNumber, std::map<std::uint32_t, std::vector<SettledRecipient>>>;
  using Told = std::map<std::uint32_t, std::uint8_t>;  // bits, by recipient
  struct Journal {
    Segments segments;
    std::map<storage::SegmentNumber, std::map<std::uint32_t, Told>> told;  // by offset; few
    std::map<storage::SegmentNumber, bool> released;  // the newest
  };
  void settle(const MessageRef& message, std::uint32_t recipient, Settled how, std::string_view account);
  void release(const ReleasedRecord& record);
  void tell(const ToldRecord& record);
  std::map<std::uint16_t, Journal> journals_;
};

using DeadTexts = std::vector<std::pair<TraceId, Held>>;

struct DeliveryState {
  SettledIncoming incoming;
  HeldTable holding;

  // Texts in holding that nobody needs any more since this record are appended to `dead`.
  void apply(const LogRecord& record, DeadTexts& dead);
  void apply_to_holding(const LogRecord& record, DeadTexts& dead);
};

}  // namespace hikyaku::spool
