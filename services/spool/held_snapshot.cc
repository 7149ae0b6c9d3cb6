// Messages and rows of the table as octets. Numbers are differences to the message before, and a destination or a reply
// seen before in the same pack is a number: what is left is mostly the replies' words.
#include <unordered_map>

#include "base/wire.h"
#include "services/spool/held_table.h"

namespace hikyaku::spool {

// What both ends know of the messages before, in one pack.
struct PackState {
  TraceId id;
  std::uint64_t segment = 0, offset = 0;
  std::int64_t time = 0;
  std::vector<std::string> destinations, replies;
  std::unordered_map<std::string, std::uint64_t> destination_numbers;
  std::unordered_map<ReplyArena::Place, std::uint64_t> reply_numbers;
};

namespace {

constexpr std::uint8_t has_facts = 1, is_blob = 2, same_maker = 4, known_flags = 7;
constexpr std::uint8_t row_fresh = 1, row_via = 2, row_paused = 4, row_tried = 8, known_row_flags = 15;

std::uint64_t zigzag(std::int64_t n) { return static_cast<std::uint64_t>(n) << 1 ^ static_cast<std::uint64_t>(n >> 63); }
std::int64_t unzigzag(std::uint64_t n) { return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1); }
std::int64_t number(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(std::int64_t number) { return WallTime{std::chrono::microseconds{number}}; }
// Differences wrap: a time that a damaged record gave is any number.
std::int64_t minus(std::int64_t a, std::int64_t b) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b)); }
std::int64_t plus(std::int64_t a, std::int64_t b) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b)); }

bool same_maker_as(const TraceId& a, const TraceId& b) { return a.node == b.node && a.journal == b.journal && a.owner == b.owner; }

// Its number, and whether it is new: then the text follows.
template <class Known, class Key>
bool put_number(WireWriter& out, Known& known, const Key& key) {
  const auto [at, is_new] = known.try_emplace(key, known.size() + 1);
  out.varint(is_new ? 0 : at->second);
  return is_new;
}

bool take_text(WireReader& in, std::vector<std::string>& known, std::string& text) {
  const auto which = in.varint();
  if (which > known.size()) return false;
  if (which == 0) known.emplace_back(in.text());
  text = which == 0 ? known.back() : known[which - 1];
  return !in.broken();
}

}  // namespace

void HeldTable::pack_message(Slot slot, WireWriter& out, PackState& state) const {
  const auto text = text_at(slot);
  const bool facts = (body_octets_[slot] & facts_bit) != 0;
  const auto& id = id_[slot];
  const bool same = same_maker_as(id, state.id);
  out.u8(static_cast<std::uint8_t>((facts ? has_facts : 0) | (text.blob ? is_blob : 0) | (same ? same_maker : 0)));
  if (!same) out.u32(std::uint32_t{id.node} << 16 | id.journal).u32(id.owner);
  out.varint(zigzag(minus(static_cast<std::int64_t>(id.sequence), static_cast<std::int64_t>(state.id.sequence))));
  out.varint(zigzag(minus(segment_[slot], static_cast<std::int64_t>(state.segment))));
  out.varint(zigzag(minus(offset_[slot], static_cast<std::int64_t>(state.offset)))).varint(octets_of_text_[slot]);
  state.id = id, state.segment = segment_[slot], state.offset = offset_[slot];
  if (facts) {
    out.u32(sender_[slot]).varint(account_[slot]).varint(body_octets_[slot] & (facts_bit - 1));
    out.varint(zigzag(minus(number(accepted_at_[slot]), state.time)));
    state.time = number(accepted_at_[slot]);
  }
  std::uint64_t many = 0;
  for (auto row = first_row_[slot]; row != none; row = next_[row]) ++many;
  out.varint(many);
  for (auto row = first_row_[slot]; row != none; row = next_[row]) {
    const auto via = via_.find(row);
    const bool fresh = is_fresh(row), paused = !fresh && paused_[row] != Duration{};
    const bool tried = !fresh && last_tried_[row] != WallTime{};
    out.u8(static_cast<std::uint8_t>((fresh ? row_fresh : 0) | (via != via_.end() ? row_via : 0) | (paused ? row_paused : 0) |
                                     (tried ? row_tried : 0)));
    out.varint(index_of(row)).u32(address_[row]).u32(domain_[row]);
    if (fresh) continue;
    const auto& destination = destinations_.name(destination_[row]);
    if (put_number(out, state.destination_numbers, destination)) out.text(destination);
    out.u8(static_cast<std::uint8_t>(tries_[row] >> 24)).varint(tries_[row] & 0xFFFFFF);
    out.varint(zigzag(minus(number(first_failed_[row]), state.time)));
    out.varint(zigzag(minus(number(next_due_[row]), number(first_failed_[row]))));
    if (tried) out.varint(zigzag(minus(number(last_tried_[row]), number(first_failed_[row]))));
    if (paused) out.u64(static_cast<std::uint64_t>(paused_[row].count()));
    if (via != via_.end()) out.text(via->second);
    if (put_number(out, state.reply_numbers, reply_[row])) out.text(replies_.at(reply_[row]));
  }
}

HeldTable::Slot HeldTable::pack(Slot from, Slot many, WireWriter& out) const {
  PackState state;
  Slot slot = from;
  for (; slot < slots_ && slot - from < many; ++slot)
    if (fresh_rows_[slot] != none) pack_message(slot, out, state);
  return slot;
}

bool HeldTable::unpack_message(WireReader& in, PackState& state) {
  const auto flags = in.u8();
  if ((flags & ~known_flags) != 0) return false;
  if ((flags & same_maker) == 0) {
    const auto where = in.u32();
    state.id.node = static_cast<std::uint16_t>(where >> 16), state.id.journal = static_cast<std::uint16_t>(where);
    state.id.owner = in.u32();
  }
  state.id.sequence += static_cast<std::uint64_t>(unzigzag(in.varint()));
  state.segment += static_cast<std::uint64_t>(unzigzag(in.varint()));
  state.offset += static_cast<std::uint64_t>(unzigzag(in.varint()));
  const auto octets = in.varint();
  if (state.segment >= none || state.offset > UINT32_MAX || octets >= none) return false;
  place(state.id, {{storage::SegmentNumber{state.segment}, static_cast<std::uint32_t>(state.offset)}, octets, (flags & is_blob) != 0});
  if ((flags & has_facts) != 0) {
    MessageFacts facts;
    facts.sender = in.u32(), facts.account = static_cast<TextKey>(in.varint()), facts.body_octets = in.varint();
    state.time = plus(state.time, unzigzag(in.varint()));
    facts.accepted_at = time_of(state.time);
    set_facts(state.id, facts);
  }
  // A snapshot's parts are of different moments: a message that ended and came again between them is told twice, and the
  // later is the truer. What is new has no rows, so that none need be looked for.
  const auto slot = slot_of(state.id);
  while (first_row_[slot] != none) drop_row(slot, first_row_[slot]);
  const auto many = in.varint();
  for (std::uint64_t n = 0; n < many; ++n) {
    const auto row = in.u8();
    const auto recipient = in.varint();
    const auto address = in.u32();
    const RecipientKeys keys{address, in.u32()};
    if (in.broken() || (row & ~known_row_flags) != 0 || recipient >= fresh_bit) return false;
    if ((row & row_fresh) != 0) {
      add_fresh_row(slot, static_cast<std::uint32_t>(recipient), keys);
      continue;
    }
    Schedule schedule;
    schedule.recipient = static_cast<std::uint32_t>(recipient);
    if (!take_text(in, state.destinations, schedule.destination)) return false;
    schedule.failure_class = in.u8();
    schedule.attempts = static_cast<std::uint32_t>(in.varint());
    schedule.first_failed = time_of(plus(state.time, unzigzag(in.varint())));
    schedule.next_due = time_of(plus(number(schedule.first_failed), unzigzag(in.varint())));
    if ((row & row_tried) != 0) schedule.last_tried = time_of(plus(number(schedule.first_failed), unzigzag(in.varint())));
    if ((row & row_paused) != 0) schedule.paused = Duration{static_cast<std::int64_t>(in.u64())};
    if ((row & row_via) != 0) schedule.via = in.text();
    if (!take_text(in, state.replies, schedule.last_reply)) return false;
    add_row(slot, schedule, keys);
  }
  return !in.broken();
}

bool HeldTable::unpack(std::string_view packed) {
  WireReader in(packed);
  PackState state;
  while (!in.broken() && !in.rest().empty())
    if (!unpack_message(in, state)) return false;
  return in.complete();
}

}  // namespace hikyaku::spool
