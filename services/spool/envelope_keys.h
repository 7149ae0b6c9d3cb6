// What a filter must know of an envelope without reading it: hashes of its addresses, its age and its size. Written with
// the record that puts a message in holding, so that a restart reads no heads. Equal texts have equal keys; a match is
// verified on the head itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "mail/envelope.h"

namespace hikyaku::spool {

using TextKey = std::uint32_t;  // 0: not known, or no text

struct MessageFacts {
  TextKey sender = 0;   // of the null reverse-path: that of "<>"
  TextKey account = 0;  // who authenticated
  WallTime accepted_at{};
  std::uint64_t body_octets = 0;
  std::int8_t priority = 0;   // RFC 6710
  WallTime deadline{};        // RFC 2852; zero: none
  friend bool operator==(const MessageFacts&, const MessageFacts&) = default;
};
struct RecipientKeys {
  TextKey address = 0, domain = 0;
  friend bool operator==(const RecipientKeys&, const RecipientKeys&) = default;
};

// Without regard to ASCII case.
[[nodiscard]] TextKey key_of(std::string_view text);
[[nodiscard]] MessageFacts facts_of(const Envelope& envelope);
[[nodiscard]] RecipientKeys keys_of(const Recipient& recipient);

}  // namespace hikyaku::spool
