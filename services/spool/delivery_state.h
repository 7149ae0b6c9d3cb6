// DeliveryState: what the delivery log says, in memory: which recipients of unreleased incoming messages are settled, and
// every message in holding with its open recipients. Changed only by applying records of the log, so that a replay
// gives the same state. Not thread-safe: Spool locks it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

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
};
struct HoldingRecord {  // a text is in holding now, or (compaction) at another place there
  TraceId id;
  storage::Position at;
  std::uint64_t octets = 0;  // what it costs of its segment
  bool blob = false;
};
struct GeneratedRecord {  // mail of ours, its text in holding: all recipients wait for their first attempt
  HoldingRecord text;
  std::uint32_t recipients = 0;
};
struct ReleasedRecord {  // an incoming segment was given back
  std::uint16_t journal = 0;
  storage::SegmentNumber segment;
};
using LogRecord = std::variant<OutcomeRecord, DeferredRecord, HoldingRecord, GeneratedRecord, ReleasedRecord>;

[[nodiscard]] std::string encode(const LogRecord& record);
// Nothing when it is not well formed.
[[nodiscard]] std::optional<LogRecord> decode_log_record(std::string_view octets);

// ---- the state ----------------------------------------------------------------------------------------------------

enum class Settled : std::uint8_t {
  Final,
  Lazy,        // by a lazy mailbox copy in this process
  LazyBefore,  // by one of an earlier process: to be verified
};

struct HeldRecipient {
  bool fresh = false;  // of generated mail, before its first attempt
  Schedule schedule;
};
struct Held {
  storage::Position at;
  std::uint64_t octets = 0;
  bool blob = false;
  std::vector<HeldRecipient> open;  // empty: nothing keeps it
};

class DeliveryState {
 public:
  // Ids whose text in holding nobody needs any more since this record are appended to `dead`.
  void apply(const LogRecord& record, std::vector<std::pair<TraceId, Held>>& dead);

  [[nodiscard]] std::optional<Settled> settled(std::uint16_t journal, storage::Position at, std::uint32_t recipient) const;
  [[nodiscard]] bool released(std::uint16_t journal, storage::SegmentNumber segment) const;
  // Accounts with lazy copies from the segment.
  [[nodiscard]] std::vector<std::string> fed_accounts(std::uint16_t journal, storage::SegmentNumber segment) const;
  [[nodiscard]] const Held* held(const TraceId& id) const;
  [[nodiscard]] const std::unordered_map<TraceId, Held>& all_held() const { return held_; }

  // Holding, by segment: octets that somebody needs.
  [[nodiscard]] std::uint64_t live_octets(storage::SegmentNumber segment) const;
  [[nodiscard]] std::uint64_t held_octets() const { return held_octets_; }
  [[nodiscard]] std::uint64_t deferred_recipients() const { return deferred_; }

  // The whole state as log records, each at most a few hundred octets larger than what it tells.
  template <class Visit>
  void for_each_record(Visit visit) const;
  // After a replay: lazy copies are of an earlier process now.
  void start_new_life();

 private:
  struct SettledRecipient {
    std::uint32_t recipient;
    Settled how;
    std::string account;
  };
  using Segments = std::map<storage::SegmentNumber, std::map<std::uint32_t, std::vector<SettledRecipient>>>;
  struct Journal {
    Segments segments;
    std::map<storage::SegmentNumber, bool> released;  // the newest
  };

  void settle(const MessageRef& message, std::uint32_t recipient, Settled how, std::string_view account);
  void close_held(const TraceId& id, std::uint32_t recipient, std::vector<std::pair<TraceId, Held>>& dead);
  void place(const HoldingRecord& record);
  void count(const Held& held, int sign);

  void apply_one(const OutcomeRecord& record, std::vector<std::pair<TraceId, Held>>& dead);
  void apply_one(const DeferredRecord& record, std::vector<std::pair<TraceId, Held>>& dead);
  void apply_one(const HoldingRecord& record, std::vector<std::pair<TraceId, Held>>& dead);
  void apply_one(const GeneratedRecord& record, std::vector<std::pair<TraceId, Held>>& dead);
  void apply_one(const ReleasedRecord& record, std::vector<std::pair<TraceId, Held>>& dead);

  std::map<std::uint16_t, Journal> journals_;
  std::unordered_map<TraceId, Held> held_;
  std::map<storage::SegmentNumber, std::uint64_t> live_octets_;
  std::uint64_t held_octets_ = 0, deferred_ = 0;
};

template <class Visit>
void DeliveryState::for_each_record(Visit visit) const {
  for (const auto& [number, journal] : journals_) {
    for (const auto& [segment, unused] : journal.released) visit(LogRecord{ReleasedRecord{number, segment}});
    for (const auto& [segment, messages] : journal.segments)
      for (const auto& [offset, recipients] : messages) {
        OutcomeRecord record{{{}, number, {segment, offset}}, {}};
        for (const auto& one : recipients)
          record.outcomes.push_back({one.recipient, one.how == Settled::Final ? Outcome::Delivered : Outcome::DeliveredLazy,
                                     one.account});
        visit(LogRecord{std::move(record)});
      }
  }
  for (const auto& [id, held] : held_) {
    const HoldingRecord text{id, held.at, held.octets, held.blob};
    GeneratedRecord generated{text, 0};
    DeferredRecord deferred{{id, 0, {}}, {}};
    std::vector<bool> fresh, waits;
    for (const auto& one : held.open) {
      if (one.fresh) {
        if (fresh.size() <= one.schedule.recipient) fresh.resize(one.schedule.recipient + 1);
        fresh[one.schedule.recipient] = true;
      } else {
        deferred.recipients.push_back(one.schedule);
      }
    }
    generated.recipients = static_cast<std::uint32_t>(fresh.size());
    visit(fresh.empty() ? LogRecord{text} : LogRecord{generated});
    // Recipients of generated mail that are settled already.
    OutcomeRecord done{{id, 0, {}}, {}};
    waits = fresh;
    for (const auto& one : deferred.recipients)
      if (one.recipient < waits.size()) waits[one.recipient] = true;
    for (std::uint32_t i = 0; i < waits.size(); ++i)
      if (!waits[i]) done.outcomes.push_back({i, Outcome::Delivered, {}});
    if (!deferred.recipients.empty()) visit(LogRecord{std::move(deferred)});
    if (!done.outcomes.empty()) visit(LogRecord{std::move(done)});
  }
}

}  // namespace hikyaku::spool
