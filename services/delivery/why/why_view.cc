#include "services/delivery/why/why_view.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t longest_words = 1'000;

std::uint64_t number(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime time(std::uint64_t n) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(n)}}; }
Cause cause(std::uint8_t n) { return n < causes ? static_cast<Cause>(n) : Cause::Slot; }

template <class T>
void put_optional(WireWriter& out, const std::optional<T>& value, std::uint64_t as_number) {
  out.u8(value.has_value()).u64(value ? as_number : 0);
}
std::optional<std::uint64_t> get_optional(WireReader& in) {
  const bool given = in.u8() != 0;
  const auto value = in.u64();
  return given ? std::optional(value) : std::nullopt;
}
std::optional<Duration> as_duration(std::optional<std::uint64_t> value) {
  return value ? std::optional(Duration{static_cast<std::int64_t>(*value)}) : std::nullopt;
}

struct Named {
  std::string_view name, english, japanese;
};
constexpr std::array<Named, 6> places{{{"unknown", "not at work", "処理待ち"},
                                       {"incoming", "in incoming", "incoming で待機"},
                                       {"lane", "waits for a delivery slot", "配送枠の空き待ち"},
                                       {"slot", "is being sent", "送信中"},
                                       {"timer", "waits for its next try", "再送時刻待ち"},
                                       {"mailbox", "is being put into the mailbox", "メールボックスへ書き込み中"}}};

}  // namespace

std::string_view place_name(Place place) { return places[static_cast<std::size_t>(place)].name; }
std::string_view place_words(Place place, bool japanese) {
  const auto& named = places[static_cast<std::size_t>(place)];
  return japanese ? named.japanese : named.english;
}

void put(WireWriter& out, const CauseClock& clock) {
  out.u64(number(clock.since())).u8(static_cast<std::uint8_t>(clock.running()));
  for (std::size_t n = 0; n < causes; ++n) out.varint(static_cast<std::uint64_t>(clock.of(static_cast<Cause>(n)).count()));
}
CauseClock get_cause_clock(WireReader& in) {
  const WallTime since = time(in.u64());
  const Cause running = cause(in.u8());
  std::array<CauseClock::Micros, causes> parts{};
  for (auto& part : parts) part = CauseClock::Micros{static_cast<std::int64_t>(in.varint() & 0xffff'ffff'ffff)};
  return CauseClock::of_parts(since, parts, running);
}

void put(WireWriter& out, const DestinationNow& one) {
  out.text(one.key).u8(static_cast<std::uint8_t>(one.known)).u8(one.health).u64(number(one.since)).u64(number(one.evidence_at)).u8(one.evidence_class);
  out.text(std::string_view(one.evidence_words).substr(0, longest_words)).text(one.evidence_host);
  out.u32(one.limit).u32(one.most).u32(one.in_use).u64(one.fresh).u64(one.retry).u64(one.deferred);
  out.u8(static_cast<std::uint8_t>(one.fresh_waits_for));
  put_optional(out, one.next_probe, number(one.next_probe.value_or(WallTime{})));
  put_optional(out, one.greylist_wait, static_cast<std::uint64_t>(one.greylist_wait.value_or(Duration{}).count()));
  put_optional(out, one.drained_in, static_cast<std::uint64_t>(one.drained_in.value_or(Duration{}).count()));
  out.u8(static_cast<std::uint8_t>(one.running_longest)).u64(static_cast<std::uint64_t>(one.runs_for.count()));
  out.text(std::string_view(one.trouble).substr(0, longest_words));
}
DestinationNow get_destination_now(WireReader& in) {
  DestinationNow one;
  one.key = in.text();
  if (const auto known = in.u8(); known <= static_cast<std::uint8_t>(Knowledge::Evidence)) one.known = static_cast<Knowledge>(known);
  one.health = in.u8(), one.since = time(in.u64()), one.evidence_at = time(in.u64()), one.evidence_class = in.u8();
  one.evidence_words = in.text(), one.evidence_host = in.text();
  one.limit = in.u32(), one.most = in.u32(), one.in_use = in.u32(), one.fresh = in.u64(), one.retry = in.u64(), one.deferred = in.u64();
  one.fresh_waits_for = cause(in.u8());
  if (const auto probe = get_optional(in)) one.next_probe = time(*probe);
  one.greylist_wait = as_duration(get_optional(in));
  one.drained_in = as_duration(get_optional(in));
  one.running_longest = cause(in.u8());
  one.runs_for = Duration{static_cast<std::int64_t>(in.u64())};
  one.trouble = in.text();
  return one;
}

void put(WireWriter& out, const ServerNow& one) {
  out.u32(one.lanes.slots).u32(one.lanes.reserved_fresh).u32(one.lanes.reserved_retry).u32(one.lanes.per_destination);
  out.u32(one.fresh_in_use).u32(one.retry_in_use).u64(one.fresh_waiting).u64(one.retry_waiting);
  put_optional(out, one.dns_trouble_since, number(one.dns_trouble_since.value_or(WallTime{})));
}
ServerNow get_server_now(WireReader& in) {
  ServerNow one;
  one.lanes.slots = in.u32(), one.lanes.reserved_fresh = in.u32(), one.lanes.reserved_retry = in.u32(), one.lanes.per_destination = in.u32();
  one.fresh_in_use = in.u32(), one.retry_in_use = in.u32(), one.fresh_waiting = in.u64(), one.retry_waiting = in.u64();
  if (const auto since = get_optional(in)) one.dns_trouble_since = time(*since);
  return one;
}

}  // namespace hikyaku::delivery
