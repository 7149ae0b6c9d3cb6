#include "services/quarantine/entry.h"

#include "base/wire.h"

namespace hikyaku::quarantine {

namespace {
constexpr std::uint8_t form = 1;
}

std::string encode(const Entry& entry) {
  WireWriter out;
  out.u8(form).text(entry.envelope.encode()).text(entry.why).u64(static_cast<std::uint64_t>(entry.taken.time_since_epoch().count())).u64(entry.octets);
  return std::move(out).bytes();
}

std::optional<Entry> decode_entry(std::string_view head) {
  WireReader in(head);
  if (in.u8() != form) return std::nullopt;
  auto envelope = Envelope::decode(in.text());
  Entry entry;
  entry.why = in.text();
  entry.taken = WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}};
  entry.octets = in.u64();
  if (!envelope || !in.complete()) return std::nullopt;
  entry.envelope = *std::move(envelope);
  return entry;
}

}  // namespace hikyaku::quarantine
