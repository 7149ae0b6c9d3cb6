// The words of services/mailboxes in those of protocol/imap, and back.
#pragma once

#include "protocol/imap/store.h"
#include "services/mailboxes/types.h"

// TRY, where the error of the mailbox store becomes the session's Trouble.
#define TRY_STORE(name, ...)                                                                \
  auto HIKYAKU_JOIN(name, _stored) = (__VA_ARGS__);                                         \
  if (!HIKYAKU_JOIN(name, _stored)) return to_trouble(HIKYAKU_JOIN(name, _stored).error()); \
  auto name = *std::move(HIKYAKU_JOIN(name, _stored))

namespace hikyaku::apps::imap_store {

[[nodiscard]] imap::Trouble to_trouble(const mailboxes::MailboxError& error);
[[nodiscard]] imap::MessageFlags to_imap(const mailboxes::Flags& flags);
[[nodiscard]] mailboxes::Flags to_store(const imap::MessageFlags& flags);
[[nodiscard]] std::uint8_t to_imap(mailboxes::SpecialUse use);
// The one use of the bits; nothing: several were asked for.
[[nodiscard]] std::optional<mailboxes::SpecialUse> to_store_use(std::uint8_t uses);
[[nodiscard]] std::vector<mailboxes::Uid> to_uids(const imap::NumberSet& uids);
// Consecutive UIDs as ranges, in the order given.
[[nodiscard]] std::vector<imap::NumberRange> to_ranges(const std::vector<mailboxes::Uid>& uids);
// Identical messages have the same id, wherever they are: RFC 8474 §5.1.
[[nodiscard]] std::string email_id(const mailboxes::MessageRecord& record);
// RFC 8514; nothing: the message was stored by a release that did not keep it.
[[nodiscard]] std::optional<WallTime> save_date(const mailboxes::MessageRecord& record);

}  // namespace hikyaku::apps::imap_store
