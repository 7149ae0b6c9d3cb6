// The text of a mailing list's copies: the post with the header fields of RFC 2369 and RFC 2919, so that people can write,
// leave and sort, and programs know not to answer. And what a text says of where it has been, for the guards against
// loops. The texts are anybody's: pure, linear, never fails; everything but the fields named here stays octet for octet.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mail/address.h"
#include "services/directory/types.h"

namespace hikyaku::delivery {

// Replaced: List-* and Precedence; with a reply address of the list, Reply-To. Left out: requests for receipts, which every
// member would answer. The subject gets the prefix unless it has it.
[[nodiscard]] std::string list_text(const directory::MailingList& list, std::string_view text);

// It was posted to this list before (X-Loop, List-Id).
[[nodiscard]] bool went_through_list(const directory::MailingList& list, std::string_view text);
// One of the accounts had it before (Delivered-To).
[[nodiscard]] bool was_delivered_to(std::span<const Address> accounts, std::string_view text);
// RFC 3834 §5: another program's answer.
[[nodiscard]] bool is_automatic_answer(std::string_view text);

// A text with Delivered-To on top, for each.
[[nodiscard]] std::string forwarded_text(std::span<const Address> accounts, std::string_view text);

}  // namespace hikyaku::delivery
