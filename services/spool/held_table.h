// HeldTable ("domains", in memory): every message in holding and every recipient that waits for it, as one table of
// columns. A row is a recipient: fixed-size numbers, its destination by number, its last reply in an arena, hashes of what
// filters ask for. Rows and messages are called by 32-bit numbers that stay theirs until they end, then serve others.
//
// About 60 octets a row, 75 a message, and the reply. Not thread-safe: DeliveryLog locks it. Changing one recipient costs
// a look-up and a walk over the message's rows; a scan over a million rows takes milliseconds.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/spool/column.h"
#include "services/spool/envelope_keys.h"
#include "services/spool/message.h"
#include "services/spool/name_table.h"
#include "services/spool/reply_search.h"
#include "services/spool/slot_index.h"
#include "services/spool/survey.h"

namespace hikyaku {
class WireWriter;
class WireReader;
}  // namespace hikyaku

namespace hikyaku::spool {

struct PackState;  // held_snapshot.cc
template <class Stream>
struct PackStreams;

struct Held {  // where a text in holding is
  storage::Position at;
  std::uint64_t octets = 0;  // what it costs of its segment
  bool blob = false;
};

class HeldTable {
 public:
  using Slot = std::uint32_t;  // of a message
  using Row = std::uint32_t;   // of a recipient
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // ---- changes
  // A text is in holding, or at another place there.
  void place(const TraceId& id, const Held& text);
  void set_facts(const TraceId& id, const MessageFacts& facts);
  // These change nothing when the message is not here.
  void add_fresh(const TraceId& id, std::uint32_t recipient, RecipientKeys keys);
  // All of a message that has no rows yet; keys of those that are known.
  void add_all_fresh(const TraceId& id, std::uint32_t recipients, const std::vector<RecipientKeys>& keys);
  void defer(const TraceId& id, const Schedule& schedule, RecipientKeys keys);  // keys not given: those it has
  void tell(const TraceId& id, std::uint32_t recipient, std::uint8_t bits);     // of one that is fresh
  // The text, when nobody waits for it any more.
  std::optional<Held> close(const TraceId& id, std::uint32_t recipient);
  // A little of the arena's waste; true: there is more.
  bool compact_replies();

  // ---- one message
  [[nodiscard]] bool contains(const TraceId& id) const { return slot_of(id) != none; }
  [[nodiscard]] std::optional<Held> text(const TraceId& id) const;
  [[nodiscard]] bool has_row(const TraceId& id, std::uint32_t recipient) const;
  [[nodiscard]] std::vector<std::uint32_t> fresh(const TraceId& id) const;  // recipients
  [[nodiscard]] std::vector<Schedule> deferred(const TraceId& id) const;
  [[nodiscard]] std::optional<Schedule> deferred(const TraceId& id, std::uint32_t recipient) const;
  [[nodiscard]] std::optional<std::uint8_t> told_fresh(const TraceId& id, std::uint32_t recipient) const;  // nothing: it is not fresh

  // ---- all of them
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t fresh_messages() const { return fresh_messages_; }  // with a recipient before its first attempt
  [[nodiscard]] std::uint64_t deferred_recipients() const { return deferred_; }
  [[nodiscard]] std::uint64_t octets() const { return octets_; }
  [[nodiscard]] std::uint64_t live_octets(storage::SegmentNumber segment) const;
  [[nodiscard]] std::vector<std::pair<TraceId, Held>> texts_of(storage::SegmentNumber segment) const;
  // Slots are below it. Ids of the messages among `count` slots from `from`.
  [[nodiscard]] Slot slots() const { return slots_; }
  void visit_ids(Slot from, Slot count, const std::function<void(const TraceId&, bool fresh)>& visit) const;
  // Messages among at least one slot from `from`, until about `most` messages and recipients were visited; the slot to go on from.
  Slot survey(Slot from, std::size_t most, const SurveyVisitor& visit) const;
  [[nodiscard]] Row rows() const { return rows_; }
  [[nodiscard]] std::optional<WallTime> oldest_failure(Row from, Row count) const;
  // Of the messages without a recipient before its first attempt, as far as it is known.
  [[nodiscard]] std::optional<WallTime> oldest_acceptance(Slot from, Slot count) const;

  // ---- looking for deferred recipients (held_find.cc)
  // Matching rows among `count` from `from`, at most `most`; returns the row to go on from, sooner when much text had to be
  // looked at. Hashes of 32 bits decide about
  // addresses: a match is to be verified on the head. What an older version deferred has none and matches. `places`
  // is the caller's for one search: which destinations and shared replies match.
  struct Search {
    const DeferredFilter* filter = nullptr;
    TextKey sender = 0, recipient = 0, domain = 0, account = 0;
    std::vector<std::uint8_t> destinations;  // by number: 0 not asked yet, 1 no, 2 yes
    std::uint64_t namings = 0;               // of the names asked
    ReplySearch error;
  };
  [[nodiscard]] static Search search_for(const DeferredFilter& filter);
  Row find(Search& search, Row from, Row count, std::size_t most, const std::function<void(Row)>& visit) const;
  [[nodiscard]] DeferredRecipient recipient_at(Row row) const;
  [[nodiscard]] DeferredTimes times_at(Row row) const;
  [[nodiscard]] std::pair<TraceId, std::uint32_t> message_of(Row row) const { return {id_[message_[row]], index_of(row)}; }
  [[nodiscard]] const std::string& destination_of(Row row) const { return destinations_.name(destination_[row]); }

  // ---- snapshots (held_snapshot.cc): messages of at most `count` slots from `from`; the slot to go on from.
  Slot pack(Slot from, Slot count, WireWriter& out) const;
  // Adds what was packed. False: it is not well formed.
  bool unpack(std::string_view packed);
  bool unpack_rows(std::string_view packed);  // of blocks in which each message's octets stand together

 private:
  static constexpr std::uint32_t fresh_bit = 1U << 31;
  static constexpr std::uint64_t blob_bit = 1ULL << 63, facts_bit = 1ULL << 62;
  static constexpr unsigned priority_shift = 57;  // five bits: a signed number
  static constexpr std::uint64_t octets_mask = (1ULL << priority_shift) - 1;

  [[nodiscard]] Slot slot_of(const TraceId& id) const;
  Slot make_slot(const TraceId& id);
  void forget_slot(Slot slot);
  [[nodiscard]] Row row_of(Slot slot, std::uint32_t recipient) const;
  Row make_row(Slot slot, std::uint32_t recipient);
  void forget_row(Slot slot, Row row);
  void drop_row(Slot slot, Row row);
  void set_fresh(Slot slot, Row row, bool fresh);
  void add_row(Slot slot, const Schedule& schedule, RecipientKeys keys);
  void add_fresh_row(Slot slot, std::uint32_t recipient, RecipientKeys keys);
  void set_schedule(Row row, const Schedule& schedule);
  void release_schedule(Row row);
  void count(Slot slot, int sign);
  [[nodiscard]] Held text_at(Slot slot) const;
  [[nodiscard]] std::int8_t priority_of(Slot slot) const;
  [[nodiscard]] WallTime deadline_of(Slot slot) const;
  [[nodiscard]] bool is_fresh(Row row) const { return (recipient_[row] & fresh_bit) != 0; }
  [[nodiscard]] std::uint32_t index_of(Row row) const { return recipient_[row] & ~fresh_bit; }
  [[nodiscard]] Schedule schedule_at(Row row) const;
  [[nodiscard]] bool matches(Search& search, Row row) const;
  void pack_message(Slot slot, PackStreams<WireWriter>& out, PackState& state) const;
  bool unpack_message(PackStreams<WireReader&>& in, PackState& state);

  [[nodiscard]] auto hash_of_slot() const {
    return [this](Slot slot) { return std::hash<TraceId>{}(id_[slot]); };
  }

  // Messages.
  Column<TraceId> id_;
  Column<std::uint32_t> segment_, offset_, octets_of_text_, first_row_, fresh_rows_;
  Column<std::uint64_t> body_octets_;  // with blob_bit, facts_bit and the priority
  std::unordered_map<Slot, WallTime> deadlines_;  // few
  Column<WallTime> accepted_at_;
  Column<TextKey> sender_, account_;
  // Rows.
  Column<std::uint32_t> message_, recipient_, next_, destination_, tries_;  // tries: attempts and, in the top octet, the class
  Column<WallTime> first_failed_, last_tried_, next_due_;
  Column<Duration> paused_;
  Column<ReplyArena::Place> reply_;
  Column<TextKey> address_, domain_;
  std::unordered_map<Row, std::string> via_;  // few
  std::unordered_map<Row, TimeSpans> held_;   // few

  Slot slots_ = 0, free_slot_ = none;  // free ones are linked by first_row_ and next_
  Row rows_ = 0, free_row_ = none;
  SlotIndex index_;
  NameTable destinations_;
  ReplyArena replies_;
  std::map<storage::SegmentNumber, std::uint64_t> live_octets_;
  std::uint64_t messages_ = 0, fresh_messages_ = 0, deferred_ = 0, octets_ = 0;
};

}  // namespace hikyaku::spool
