// Messages and rows of the table as octets. Numbers are differences to the message before, and a destination or a reply
// seen before in the same pack is a number. What is alike stands together - facts, keys, times, texts - because a
// compressor finds more among its like: what is left is mostly keys and the replies' words.
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

template <class Stream>
struct PackStreams {
  Stream facts, keys, times, texts;
  [[nodiscard]] bool broken() const { return facts.broken() || keys.broken() || times.broken() || texts.broken(); }
};

namespace {

constexpr std::uint8_t has_facts = 1, is_blob = 2, same_maker = 4, has_priority = 8, has_deadline = 16, known_flags = 31;
constexpr std::uint8_t row_fresh = 1, row_via = 2, row_paused = 4, row_tried = 8, row_held = 16, row_told = 32, known_row_flags = 63;

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

bool take_text(WireReader& numbers, WireReader& texts, std::vector<std::string>& known, std::string& text) {
  const auto which = numbers.varint();
  if (numbers.broken() || which > known.size()) return false;
  if (which == 0) known.emplace_back(texts.text());
  text = which == 0 ? known.back() : known[which - 1];
  return !texts.broken();
}

}  // namespace

void HeldTable::pack_message(Slot slot, PackStreams<WireWriter>& out, PackState& state) const {
  const auto text = text_at(slot);
  const bool facts = (body_octets_[slot] & facts_bit) != 0;
  const auto& id = id_[slot];
  const auto priority = priority_of(slot);
  const auto deadline = deadline_of(slot);
  const bool same = same_maker_as(id, state.id);
  out.facts.u8(static_cast<std::uint8_t>((facts ? has_facts : 0) | (text.blob ? is_blob : 0) | (same ? same_maker : 0) |
                                         (priority != 0 ? has_priority : 0) | (deadline != WallTime{} ? has_deadline : 0)));
  if (!same) out.facts.u32(std::uint32_t{id.node} << 16 | id.journal).u32(id.owner);
  out.facts.varint(zigzag(minus(static_cast<std::int64_t>(id.sequence), static_cast<std::int64_t>(state.id.sequence))));
  out.facts.varint(zigzag(minus(segment_[slot], static_cast<std::int64_t>(state.segment))));
  out.facts.varint(zigzag(minus(offset_[slot], static_cast<std::int64_t>(state.offset)))).varint(octets_of_text_[slot]);
  state.id = id, state.segment = segment_[slot], state.offset = offset_[slot];
  if (facts) {
    out.keys.u32(sender_[slot]);
    out.facts.varint(account_[slot]).varint(body_octets_[slot] & octets_mask);
    out.times.varint(zigzag(minus(number(accepted_at_[slot]), state.time)));
    state.time = number(accepted_at_[slot]);
    if (priority != 0) out.facts.varint(zigzag(priority));
    if (deadline != WallTime{}) out.times.varint(zigzag(minus(number(deadline), state.time)));
  }
  std::uint64_t many = 0;
  for (auto row = first_row_[slot]; row != none; row = next_[row]) ++many;
  out.facts.varint(many);
  for (auto row = first_row_[slot]; row != none; row = next_[row]) {
    const auto via = via_.find(row);
    const bool fresh = is_fresh(row), paused = !fresh && paused_[row] != Duration{};
    const bool tried = !fresh && last_tried_[row] != WallTime{};
    const auto held = held_.find(row);
    const auto told = static_cast<std::uint8_t>(fresh ? tries_[row] >> 24 & told_bits : 0);  // of a deferred one with its class
    out.facts.u8(static_cast<std::uint8_t>((fresh ? row_fresh : 0) | (via != via_.end() ? row_via : 0) | (paused ? row_paused : 0) |
                                           (tried ? row_tried : 0) | (held != held_.end() ? row_held : 0) | (told != 0 ? row_told : 0)));
    out.facts.varint(index_of(row));
    out.keys.u32(address_[row]).u32(domain_[row]);
    if (told != 0) out.facts.u8(told);
    if (fresh) continue;
    const auto& destination = destinations_.name(destination_[row]);
    if (put_number(out.facts, state.destination_numbers, destination)) out.texts.text(destination);
    out.facts.u8(static_cast<std::uint8_t>(tries_[row] >> 24)).varint(tries_[row] & 0xFFFFFF);
    out.times.varint(zigzag(minus(number(first_failed_[row]), state.time)));
    out.times.varint(zigzag(minus(number(next_due_[row]), number(first_failed_[row]))));
    if (tried) out.times.varint(zigzag(minus(number(last_tried_[row]), number(first_failed_[row]))));
    if (paused) out.times.u64(static_cast<std::uint64_t>(paused_[row].count()));
    if (via != via_.end()) out.texts.text(via->second);
    if (held != held_.end()) {
      out.times.varint(held->second.size());
      for (const auto& [from, until] : held->second) out.times.u64(static_cast<std::uint64_t>(number(from))).u64(static_cast<std::uint64_t>(number(until)));
    }
    if (put_number(out.facts, state.reply_numbers, reply_[row])) out.texts.text(replies_.at(reply_[row]));
  }
}

HeldTable::Slot HeldTable::pack(Slot from, Slot many, WireWriter& out) const {
  PackState state;
  PackStreams<WireWriter> streams;
  Slot slot = from;
  for (; slot < slots_ && slot - from < many; ++slot)
    if (fresh_rows_[slot] != none) pack_message(slot, streams, state);
  out.text(streams.facts.bytes()).text(streams.keys.bytes()).text(streams.times.bytes()).text(streams.texts.bytes());
  return slot;
}

bool HeldTable::unpack_message(PackStreams<WireReader&>& in, PackState& state) {
  const auto flags = in.facts.u8();
  if ((flags & ~known_flags) != 0) return false;
  if ((flags & same_maker) == 0) {
    const auto where = in.facts.u32();
    state.id.node = static_cast<std::uint16_t>(where >> 16), state.id.journal = static_cast<std::uint16_t>(where);
    state.id.owner = in.facts.u32();
  }
  state.id.sequence += static_cast<std::uint64_t>(unzigzag(in.facts.varint()));
  state.segment += static_cast<std::uint64_t>(unzigzag(in.facts.varint()));
  state.offset += static_cast<std::uint64_t>(unzigzag(in.facts.varint()));
  const auto octets = in.facts.varint();
  if (state.segment >= none || state.offset > UINT32_MAX || octets >= none) return false;
  place(state.id, {{storage::SegmentNumber{state.segment}, static_cast<std::uint32_t>(state.offset)}, octets, (flags & is_blob) != 0});
  if ((flags & has_facts) != 0) {
    MessageFacts facts;
    facts.sender = in.keys.u32(), facts.account = static_cast<TextKey>(in.facts.varint()), facts.body_octets = in.facts.varint();
    state.time = plus(state.time, unzigzag(in.times.varint()));
    facts.accepted_at = time_of(state.time);
    if ((flags & has_priority) != 0) facts.priority = static_cast<std::int8_t>(unzigzag(in.facts.varint()));
    if ((flags & has_deadline) != 0) facts.deadline = time_of(plus(state.time, unzigzag(in.times.varint())));
    set_facts(state.id, facts);
  }
  // A snapshot's parts are of different moments: a message that ended and came again between them is told twice, and the
  // later is the truer. What is new has no rows, so that none need be looked for.
  const auto slot = slot_of(state.id);
  while (first_row_[slot] != none) drop_row(slot, first_row_[slot]);
  const auto many = in.facts.varint();
  for (std::uint64_t n = 0; n < many; ++n) {
    const auto row = in.facts.u8();
    const auto recipient = in.facts.varint();
    const auto address = in.keys.u32();
    const RecipientKeys keys{address, in.keys.u32()};
    if (in.broken() || (row & ~known_row_flags) != 0 || recipient >= fresh_bit) return false;
    const std::uint8_t told = (row & row_told) != 0 ? in.facts.u8() : 0;
    if ((told & ~told_bits) != 0) return false;
    if ((row & row_fresh) != 0) {
      add_fresh_row(slot, static_cast<std::uint32_t>(recipient), keys);
      tell(state.id, static_cast<std::uint32_t>(recipient), told);
      continue;
    }
    Schedule schedule;
    schedule.recipient = static_cast<std::uint32_t>(recipient);
    if (!take_text(in.facts, in.texts, state.destinations, schedule.destination)) return false;
    schedule.failure_class = in.facts.u8();
    schedule.attempts = static_cast<std::uint32_t>(in.facts.varint());
    schedule.first_failed = time_of(plus(state.time, unzigzag(in.times.varint())));
    schedule.next_due = time_of(plus(number(schedule.first_failed), unzigzag(in.times.varint())));
    if ((row & row_tried) != 0) schedule.last_tried = time_of(plus(number(schedule.first_failed), unzigzag(in.times.varint())));
    if ((row & row_paused) != 0) schedule.paused = Duration{static_cast<std::int64_t>(in.times.u64())};
    if ((row & row_via) != 0) schedule.via = in.texts.text();
    const auto spans = (row & row_held) != 0 ? in.times.varint() : 0;
    for (std::uint64_t span = 0; span < spans && !in.times.broken(); ++span) {
      const auto from = static_cast<std::int64_t>(in.times.u64());
      schedule.held.emplace_back(time_of(from), time_of(static_cast<std::int64_t>(in.times.u64())));
    }
    if (!take_text(in.facts, in.texts, state.replies, schedule.last_reply)) return false;
    add_row(slot, schedule, keys);
  }
  return !in.broken();
}

bool HeldTable::unpack(std::string_view packed) {
  WireReader whole(packed);
  const auto next = [&whole] { return WireReader(whole.text()); };
  WireReader facts = next(), keys = next(), times = next(), texts = next();
  if (!whole.complete()) return false;
  PackStreams<WireReader&> in{facts, keys, times, texts};
  PackState state;
  while (!in.facts.rest().empty())
    if (!unpack_message(in, state)) return false;
  return in.facts.complete() && in.keys.complete() && in.times.complete() && in.texts.complete();
}

// The same fields in the same order, from one stream.
bool HeldTable::unpack_rows(std::string_view packed) {
  WireReader reader(packed);
  PackStreams<WireReader&> in{reader, reader, reader, reader};
  PackState state;
  while (!reader.broken() && !reader.rest().empty())
    if (!unpack_message(in, state)) return false;
  return reader.complete();
}

}  // namespace hikyaku::spool
