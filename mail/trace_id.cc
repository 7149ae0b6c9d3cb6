#include "mail/trace_id.h"

#include "base/checksum.h"

namespace hikyaku {
namespace {
// Crockford's base 32: no I, L, O or U, so that an id survives being read out on the telephone.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string encode(std::uint64_t value, int characters) {
  std::string out(static_cast<std::size_t>(characters), '0');
  for (auto at = out.rbegin(); at != out.rend(); ++at, value >>= 5) *at = alphabet[value & 31];
  return out;
}

std::optional<std::uint64_t> decode(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = alphabet.find(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    if (digit == std::string_view::npos || value >> 59 != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  return value;
}
}  // namespace

std::string TraceId::text() const {
  const auto where = std::uint64_t{node} << 48 | std::uint64_t{journal} << 32 | owner;
  return "B" + encode(where, 13) + encode(sequence, 13);
}

std::optional<TraceId> TraceId::parse(std::string_view text) {
  if (text.size() != 27 || text[0] != 'B') return std::nullopt;
  const auto where = decode(text.substr(1, 13));
  const auto sequence = decode(text.substr(14));
  if (!where || !sequence) return std::nullopt;
  return TraceId{static_cast<std::uint16_t>(*where >> 48), static_cast<std::uint16_t>(*where >> 32),
                 static_cast<std::uint32_t>(*where), *sequence};
}

TraceId TraceId::derived(std::string_view recipient, std::string_view kind, std::uint16_t journal_number) const {
  const std::string cause = text() + '\n' + std::string(recipient) + '\n' + std::string(kind);
  return {node, journal_number, 0, checksum(cause)};
}

}  // namespace hikyaku

std::size_t std::hash<hikyaku::TraceId>::operator()(const hikyaku::TraceId& id) const noexcept {
  return (id.sequence * 0x9e3779b97f4a7c15ULL) ^ (std::uint64_t{id.node} << 48 | std::uint64_t{id.journal} << 32 | id.owner);
}
