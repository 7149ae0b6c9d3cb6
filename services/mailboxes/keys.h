// The rows of an account's partition. Numbers in keys are big-endian, so that rows sort as numbers do. One letter, then:
//
//   a                     the account's store exists              l                generation of the mailbox list
//   v i                   last UIDVALIDITY, last mailbox id       qo qm            quota used: octets, messages
//   b mailbox             mailbox row                             n name           -> mailbox id, UIDVALIDITY, selectable
//   s name                subscribed                              g mailbox        deleted mailbox, rows not yet gone
//   k mailbox counter     counters of a mailbox                   f mailbox uid    flags row of a live message
//   m mailbox uid         message row                             x mailbox uid    message row of an expunged one
//   c mailbox modseq uid  change log: one row for each message    t mailbox uid    decoded text for search
//   r blob                how many more records share a body      e blob           body to be erased
//   d trace-id hash       a delivery that was stored
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mail/trace_id.h"
#include "services/mailboxes/types.h"

namespace hikyaku::mailboxes::keys {

// Floor: expunges up to this modseq are forgotten. Gone: expunge rows in the change log. Recent: the last uid told to a
// session as \Recent. Reserve: number_reserve.h.
enum class Counter : char {
  Deleted = 'd', Exists = 'e', Floor = 'f', Gone = 'g', ModSeq = 'm', Octets = 'o', Recent = 'r', Reserve = 'z', Uid = 'i',
  Unseen = 'u',
};

std::string big_endian(std::uint64_t number, int octets);
std::uint64_t big_endian(std::string_view octets);

inline constexpr std::string_view account = "a", list_generation = "l", last_uid_validity = "v", last_mailbox = "i",
                                  used_octets = "qo", used_messages = "qm";

std::string mailbox(MailboxId id);
std::string garbage(MailboxId id);
std::string name(std::string_view mailbox_name);
std::string subscription(std::string_view mailbox_name);
std::string counter(MailboxId id, Counter which);
std::string counters(MailboxId id);                 // prefix of all
std::string row(char kind, MailboxId id, Uid uid);  // f m x t
std::string rows(char kind, MailboxId id);          // prefix of all
std::string change(MailboxId id, ModSeq modseq, Uid uid);
std::string changes(MailboxId id);
std::string shares(const storage::BlobId& blob);
std::string erasure(const storage::BlobId& blob);
// Sorts by (node, journal, owner, sequence), so that a released stretch of a journal is one range.
std::string delivery(const TraceId& id, std::string_view original_recipient, std::string_view mailbox_name);
std::string deliveries(const TraceId& id);          // prefix of all of this message
TraceId message_of(std::string_view delivery_key);

Uid uid_of(std::string_view key);                   // of f m x t c rows: the last four octets
ModSeq modseq_of(std::string_view change_key);
// The first key after all that begin with `prefix`.
std::string after(std::string prefix);

// The engine's counter form: 8 octets little-endian; absent is 0.
std::uint64_t count_of(const std::optional<std::string>& value);
std::string count_value(std::uint64_t number);

}  // namespace hikyaku::mailboxes::keys
