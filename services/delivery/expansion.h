// Expansion: the mails that one recipient becomes when it is an alias with several targets. Few enough recipients each for
// a record's head; the same parts with the same ids however often the work is repeated.
#pragma once

#include <cstdint>
#include <vector>

#include "mail/envelope.h"

namespace hikyaku::delivery {

constexpr std::size_t most_part_recipients = 5'000;
constexpr std::size_t most_part_octets = 384 << 10;  // of recipients as encoded: a head has at most 1 MiB, and is kept twice

// `of` is the message's envelope, `alias` its recipient's index. No part is empty; none at all without targets. No I/O.
[[nodiscard]] std::vector<Envelope> expand_recipient(const Envelope& of, std::uint32_t alias, std::vector<Address> targets,
                                                     std::uint16_t generated_journal);

}  // namespace hikyaku::delivery
