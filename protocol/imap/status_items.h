// The items of STATUS, also of LIST's RETURN (STATUS ...) (RFC 9051 §6.3.11, §6.3.9.8, RFC 7162 §3.1.7, RFC 8474 §4.3).
#pragma once

#include "protocol/imap/grammar.h"
#include "protocol/imap/store.h"

namespace hikyaku::imap {

enum StatusItem : std::uint16_t {
  StatusMessages = 1, StatusRecent = 2, StatusUidNext = 4, StatusUidValidity = 8, StatusUnseen = 16, StatusDeleted = 32,
  StatusSize = 64, StatusHighestModSeq = 128, StatusMailboxId = 256, StatusAppendLimit = 512,
};

// "(" status-att *(SP status-att) ")": bits of StatusItem
[[nodiscard]] Parsed<std::uint16_t> parse_status_items(Cursor& in);
// "(MESSAGES 3 UNSEEN 1)"
void print_status_items(std::string& out, const MailboxStatus& status, std::uint16_t items, std::uint64_t append_limit);

}  // namespace hikyaku::imap
