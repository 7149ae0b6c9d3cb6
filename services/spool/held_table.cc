#include "services/spool/held_table.h"

#include <algorithm>

#include "base/check.h"

namespace hikyaku::spool {
namespace {
constexpr std::uint32_t class_shift = 24, most_attempts = (1U << class_shift) - 1;
}  // namespace

HeldTable::Slot HeldTable::slot_of(const TraceId& id) const {
  return index_.find(std::hash<TraceId>{}(id), [&](Slot slot) { return id_[slot] == id; });
}

// ---- messages -----------------------------------------------------------------------------------------------------

HeldTable::Slot HeldTable::make_slot(const TraceId& id) {
  Slot slot = free_slot_;
  if (slot != none) {
    free_slot_ = first_row_[slot];
  } else {
    slot = slots_++;
    check_or_abort(slot < none, "4 billion messages in holding");
    id_.reach(slots_), segment_.reach(slots_), offset_.reach(slots_), octets_of_text_.reach(slots_);
    first_row_.reach(slots_), fresh_rows_.reach(slots_), body_octets_.reach(slots_), accepted_at_.reach(slots_);
    sender_.reach(slots_), account_.reach(slots_);
  }
  id_[slot] = id;
  segment_[slot] = offset_[slot] = octets_of_text_[slot] = 0;
  first_row_[slot] = none;
  fresh_rows_[slot] = 0;
  body_octets_[slot] = 0;
  accepted_at_[slot] = {};
  sender_[slot] = account_[slot] = 0;
  index_.add(std::hash<TraceId>{}(id), slot, hash_of_slot());
  ++messages_;
  return slot;
}

void HeldTable::forget_slot(Slot slot) {
  index_.remove(std::hash<TraceId>{}(id_[slot]), slot, hash_of_slot());
  id_[slot] = {};
  deadlines_.erase(slot);
  body_octets_[slot] = 0;
  fresh_rows_[slot] = none;  // says that nobody has the slot
  first_row_[slot] = free_slot_;
  free_slot_ = slot;
  --messages_;
}

Held HeldTable::text_at(Slot slot) const {
  return {{storage::SegmentNumber{segment_[slot]}, offset_[slot]}, octets_of_text_[slot], (body_octets_[slot] & blob_bit) != 0};
}

void HeldTable::count(Slot slot, int sign) {
  const auto octets = static_cast<std::uint64_t>(sign) * octets_of_text_[slot];
  const auto live = live_octets_.try_emplace(storage::SegmentNumber{segment_[slot]}).first;
  live->second += octets;
  octets_ += octets;
  if (live->second == 0) live_octets_.erase(live);
}

void HeldTable::place(const TraceId& id, const Held& text) {
  check_or_abort(text.at.segment.value() < none && text.octets < none, "a place in holding is out of range");
  auto slot = slot_of(id);
  if (slot == none) slot = make_slot(id);
  else count(slot, -1);
  segment_[slot] = static_cast<std::uint32_t>(text.at.segment.value());
  offset_[slot] = text.at.offset;
  octets_of_text_[slot] = static_cast<std::uint32_t>(text.octets);
  body_octets_[slot] = (body_octets_[slot] & ~blob_bit) | (text.blob ? blob_bit : 0);
  count(slot, +1);
}

void HeldTable::set_facts(const TraceId& id, const MessageFacts& facts) {
  const auto slot = slot_of(id);
  if (slot == none) return;
  sender_[slot] = facts.sender;
  account_[slot] = facts.account;
  accepted_at_[slot] = facts.accepted_at;
  body_octets_[slot] = (body_octets_[slot] & blob_bit) | facts_bit | (std::uint64_t{static_cast<std::uint8_t>(facts.priority) & 31U} << priority_shift) |
                       (facts.body_octets & octets_mask);
  if (facts.deadline == WallTime{}) deadlines_.erase(slot);
  else deadlines_[slot] = facts.deadline;
}

std::int8_t HeldTable::priority_of(Slot slot) const {
  const auto bits = static_cast<std::uint8_t>(body_octets_[slot] >> priority_shift & 31);
  return static_cast<std::int8_t>(bits < 16 ? bits : bits - 32);
}

WallTime HeldTable::deadline_of(Slot slot) const {
  const auto found = deadlines_.find(slot);
  return found == deadlines_.end() ? WallTime{} : found->second;
}

std::optional<Held> HeldTable::text(const TraceId& id) const {
  const auto slot = slot_of(id);
  return slot == none ? std::nullopt : std::optional(text_at(slot));
}

std::uint64_t HeldTable::live_octets(storage::SegmentNumber segment) const {
  const auto at = live_octets_.find(segment);
  return at == live_octets_.end() ? 0 : at->second;
}

std::vector<std::pair<TraceId, Held>> HeldTable::texts_of(storage::SegmentNumber segment) const {
  std::vector<std::pair<TraceId, Held>> found;
  for (Slot slot = 0; slot < slots_; ++slot)
    if (segment_[slot] == segment.value() && fresh_rows_[slot] != none) found.emplace_back(id_[slot], text_at(slot));
  return found;
}

void HeldTable::visit_ids(Slot from, Slot many, const std::function<void(const TraceId&, bool fresh)>& visit) const {
  for (Slot slot = from; slot < slots_ && slot - from < many; ++slot)
    if (fresh_rows_[slot] != none) visit(id_[slot], fresh_rows_[slot] > 0);
}

// ---- rows ---------------------------------------------------------------------------------------------------------

HeldTable::Row HeldTable::row_of(Slot slot, std::uint32_t recipient) const {
  auto row = first_row_[slot];
  while (row != none && index_of(row) != recipient) row = next_[row];
  return row;
}

HeldTable::Row HeldTable::make_row(Slot slot, std::uint32_t recipient) {
  Row row = free_row_;
  if (row != none) {
    free_row_ = next_[row];
  } else {
    row = rows_++;
    check_or_abort(row < none, "4 billion recipients in holding");
    message_.reach(rows_), recipient_.reach(rows_), next_.reach(rows_), destination_.reach(rows_), tries_.reach(rows_);
    first_failed_.reach(rows_), last_tried_.reach(rows_), next_due_.reach(rows_), paused_.reach(rows_), reply_.reach(rows_);
    address_.reach(rows_), domain_.reach(rows_);
  }
  message_[row] = slot;
  recipient_[row] = recipient;
  next_[row] = first_row_[slot];
  first_row_[slot] = row;
  destination_[row] = none;
  reply_[row] = ReplyArena::nowhere;
  address_[row] = domain_[row] = 0;
  tries_[row] = 0;
  return row;
}

void HeldTable::forget_row(Slot slot, Row row) {
  auto* at = &first_row_[slot];
  while (*at != row) at = &next_[*at];
  *at = next_[row];
  release_schedule(row);
  message_[row] = none;
  next_[row] = free_row_;
  free_row_ = row;
}

void HeldTable::set_fresh(Slot slot, Row row, bool fresh) {
  recipient_[row] = index_of(row) | (fresh ? fresh_bit : 0);
  if (fresh && fresh_rows_[slot]++ == 0) ++fresh_messages_;
  if (!fresh && --fresh_rows_[slot] == 0) --fresh_messages_;
}

void HeldTable::release_schedule(Row row) {
  if (destination_[row] == none) return;
  destinations_.release(destination_[row]);
  destination_[row] = none;
  replies_.release(reply_[row]);
  reply_[row] = ReplyArena::nowhere;
  if (!via_.empty()) via_.erase(row);
  if (!held_.empty()) held_.erase(row);
}

void HeldTable::set_schedule(Row row, const Schedule& schedule) {
  const auto destination = destinations_.use(schedule.destination);
  const auto reply = replies_.add(schedule.last_reply);
  release_schedule(row);
  destination_[row] = destination;
  reply_[row] = reply;
  tries_[row] = std::uint32_t{schedule.failure_class} << class_shift | std::min(schedule.attempts, most_attempts);
  first_failed_[row] = schedule.first_failed;
  last_tried_[row] = schedule.last_tried;
  paused_[row] = schedule.paused;
  next_due_[row] = schedule.next_due;
  if (!schedule.via.empty()) via_[row] = schedule.via;
  if (!schedule.held.empty()) held_[row] = schedule.held;
}

Schedule HeldTable::schedule_at(Row row) const {
  Schedule out;
  out.recipient = index_of(row);
  out.destination = destinations_.name(destination_[row]);
  out.failure_class = static_cast<std::uint8_t>(tries_[row] >> class_shift);
  out.attempts = tries_[row] & most_attempts;
  out.first_failed = first_failed_[row];
  out.last_tried = last_tried_[row];
  out.paused = paused_[row];
  out.next_due = next_due_[row];
  out.last_reply = replies_.at(reply_[row]);
  if (const auto via = via_.find(row); via != via_.end()) out.via = via->second;
  if (const auto held = held_.find(row); held != held_.end()) out.held = held->second;
  return out;
}

void HeldTable::add_fresh(const TraceId& id, std::uint32_t recipient, RecipientKeys keys) {
  const auto slot = slot_of(id);
  if (slot != none && row_of(slot, recipient) == none) add_fresh_row(slot, recipient, keys);
}

void HeldTable::add_fresh_row(Slot slot, std::uint32_t recipient, RecipientKeys keys) {
  const auto row = make_row(slot, recipient);
  address_[row] = keys.address;
  domain_[row] = keys.domain;
  set_fresh(slot, row, true);
}

void HeldTable::add_all_fresh(const TraceId& id, std::uint32_t recipients, const std::vector<RecipientKeys>& keys) {
  const auto slot = slot_of(id);
  if (slot == none || first_row_[slot] != none) return;
  for (std::uint32_t n = 0; n < recipients; ++n) add_fresh_row(slot, n, n < keys.size() ? keys[n] : RecipientKeys{});
}

void HeldTable::add_row(Slot slot, const Schedule& schedule, RecipientKeys keys) {
  const auto row = make_row(slot, schedule.recipient);
  ++deferred_;
  address_[row] = keys.address;
  domain_[row] = keys.domain;
  set_schedule(row, schedule);
}

void HeldTable::defer(const TraceId& id, const Schedule& schedule, RecipientKeys keys) {
  const auto slot = slot_of(id);
  if (slot == none) return;
  auto row = row_of(slot, schedule.recipient);
  const bool fresh = row != none && is_fresh(row);
  const std::uint32_t told = row != none ? (tries_[row] >> class_shift) & told_bits : 0;
  if (row == none || fresh) ++deferred_;
  if (row == none) row = make_row(slot, schedule.recipient);
  if (fresh) set_fresh(slot, row, false);
  if (keys.address != 0) address_[row] = keys.address, domain_[row] = keys.domain;
  set_schedule(row, schedule);
  tries_[row] |= told << class_shift;
}

void HeldTable::tell(const TraceId& id, std::uint32_t recipient, std::uint8_t bits) {
  const auto slot = slot_of(id);
  const auto row = slot == none ? none : row_of(slot, recipient);
  if (row != none && is_fresh(row)) tries_[row] |= std::uint32_t{bits} << class_shift;
}

void HeldTable::drop_row(Slot slot, Row row) {
  if (is_fresh(row)) set_fresh(slot, row, false);
  else --deferred_;
  forget_row(slot, row);
}

std::optional<Held> HeldTable::close(const TraceId& id, std::uint32_t recipient) {
  const auto slot = slot_of(id);
  if (slot == none) return std::nullopt;
  const auto row = row_of(slot, recipient);
  if (row == none) return std::nullopt;
  drop_row(slot, row);
  if (first_row_[slot] != none) return std::nullopt;
  const auto text = text_at(slot);
  count(slot, -1);
  forget_slot(slot);
  return text;
}

bool HeldTable::compact_replies() {
  replies_.compact([this](const std::function<void(ReplyArena::Place&)>& use) {
    for (Row row = 0; row < rows_; ++row)
      if (message_[row] != none && reply_[row] != ReplyArena::nowhere) use(reply_[row]);
  });
  return replies_.has_waste();
}

bool HeldTable::has_row(const TraceId& id, std::uint32_t recipient) const {
  const auto slot = slot_of(id);
  return slot != none && row_of(slot, recipient) != none;
}

std::vector<std::uint32_t> HeldTable::fresh(const TraceId& id) const {
  std::vector<std::uint32_t> found;
  const auto slot = slot_of(id);
  if (slot == none) return found;
  for (auto row = first_row_[slot]; row != none; row = next_[row])
    if (is_fresh(row)) found.push_back(index_of(row));
  std::ranges::sort(found);
  return found;
}

std::vector<Schedule> HeldTable::deferred(const TraceId& id) const {
  std::vector<Schedule> found;
  const auto slot = slot_of(id);
  if (slot == none) return found;
  for (auto row = first_row_[slot]; row != none; row = next_[row])
    if (!is_fresh(row)) found.push_back(schedule_at(row));
  std::ranges::sort(found, {}, &Schedule::recipient);
  return found;
}

std::optional<Schedule> HeldTable::deferred(const TraceId& id, std::uint32_t recipient) const {
  const auto slot = slot_of(id);
  const auto row = slot == none ? none : row_of(slot, recipient);
  return row == none || is_fresh(row) ? std::nullopt : std::optional(schedule_at(row));
}

std::optional<std::uint8_t> HeldTable::told_fresh(const TraceId& id, std::uint32_t recipient) const {
  const auto slot = slot_of(id);
  const auto row = slot == none ? none : row_of(slot, recipient);
  if (row == none || !is_fresh(row)) return std::nullopt;
  return static_cast<std::uint8_t>((tries_[row] >> class_shift) & told_bits);
}

std::optional<WallTime> HeldTable::oldest_failure(Row from, Row many) const {
  std::optional<WallTime> oldest;
  for (Row row = from; row < rows_ && row - from < many; ++row)
    if (message_[row] != none && !is_fresh(row) && first_failed_[row] != WallTime{} && (!oldest || first_failed_[row] < *oldest)) oldest = first_failed_[row];
  return oldest;
}

std::optional<WallTime> HeldTable::oldest_acceptance(Slot from, Slot many) const {
  std::optional<WallTime> oldest;
  for (Slot slot = from; slot < slots_ && slot - from < many; ++slot)
    if (fresh_rows_[slot] == 0 && (body_octets_[slot] & facts_bit) != 0 && (!oldest || accepted_at_[slot] < *oldest))
      oldest = accepted_at_[slot];
  return oldest;
}

}  // namespace hikyaku::spool
