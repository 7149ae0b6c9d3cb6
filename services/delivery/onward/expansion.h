// Expansion: the mails that one recipient becomes when its mail goes on: an alias with several targets, a forward, a
// mailing list. Few enough recipients each for a record's head; the same parts with the same ids however often the work is repeated.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mail/envelope.h"

namespace hikyaku::delivery {

constexpr std::size_t most_part_recipients = 5'000;
constexpr std::size_t most_part_octets = 384 << 10;  // of recipients as encoded: a head has at most 1 MiB, and is kept twice

// `of` without its recipients, which may be many.
[[nodiscard]] Envelope without_recipients(const Envelope& of);
// `recipients` in envelopes like `start`, whose ids say that `of`'s recipient `from` became them by `kind`. No part is empty;
// none at all without recipients. No I/O.
[[nodiscard]] std::vector<Envelope> in_parts(const Envelope& start, const Envelope& of, const Address& from, std::string_view kind,
                                             std::vector<Recipient> recipients, std::uint16_t generated_journal);

// How the sender's wishes (RFC 3461 §5.2.7) pass on to `targets` copies. `of` is the recipient left behind.
[[nodiscard]] Recipient passed_on(const Recipient& of, Address target, std::size_t targets);

// `of` is the message's envelope, `alias` its recipient's index.
[[nodiscard]] std::vector<Envelope> expand_recipient(const Envelope& of, std::uint32_t alias, std::vector<Address> targets,
                                                     std::uint16_t generated_journal);

}  // namespace hikyaku::delivery
