#include "services/quarantine/entry.h"

#include "base/wire.h"

namespace hikyaku::quarantine {

namespace {
constexpr std::uint8_t form = 1, marked_form = 2;  // 2: a mark behind all
}

std::string encode(const Entry& entry) {
  WireWriter out;
  out.u8(entry.mark.empty() ? form : marked_form).text(entry.envelope.encode()).text(entry.why).u64(static_cast<std::uint64_t>(entry.taken.time_since_epoch().count())).u64(entry.octets);
  if (!entry.mark.empty()) out.text(entry.mark);
  return std::move(out).bytes();
}

std::optional<Entry> decode_entry(std::string_view head) {
  WireReader in(head);
  const auto is = in.u8();
  if (is != form && is != marked_form) return std::nullopt;
  auto envelope = Envelope::decode(in.text());
  Entry entry;
  entry.why = in.text();
  entry.taken = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}};
  entry.octets = in.u64();
  if (is == marked_form) entry.mark = in.text();
  if (!envelope || !in.complete()) return std::nullopt;
  entry.envelope = *std::move(envelope);
  return entry;
}

}  // namespace hikyaku::quarantine
