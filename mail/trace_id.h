// TraceId: a message's name for its whole life, given at acceptance. It is in the 250 reply, the Received line, every
// log event, the queue listing, the bounce and the mailbox record. It carries the node and the journal, so that any
// node can take over any journal.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku {

struct TraceId {
  std::uint16_t node = 0;
  std::uint16_t journal = 0;
  std::uint32_t owner = 0;     // the journal's fencing token when it was given
  std::uint64_t sequence = 0;  // counts from 1 for each owner

  // "B" and 26 characters of Crockford's base 32 in fixed width, so texts sort as ids do. "B" is what E-Post's
  // operators' scripts look for.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<TraceId> parse(std::string_view text);
  // The id of the mail we generate because of this one (a bounce for `recipient`, ...): always the same for the same
  // cause, so that a repeated one is recognised. journal is the generating journal's, owner 0.
  [[nodiscard]] TraceId derived(std::string_view recipient, std::string_view kind, std::uint16_t journal_number) const;

  friend auto operator<=>(const TraceId&, const TraceId&) = default;
};

}  // namespace hikyaku

template <>
struct std::hash<hikyaku::TraceId> {
  std::size_t operator()(const hikyaku::TraceId& id) const noexcept;
};
